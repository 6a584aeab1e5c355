from django.db import models
from django_otp.models import CooldownMixin, SideChannelDevice, ThrottlingMixin, TimestampMixin

class EmailDevice(TimestampMixin, CooldownMixin, ThrottlingMixin, SideChannelDevice):
    email = models.EmailField(max_length=254, blank=True, null=True)

    class Meta:
        pass
