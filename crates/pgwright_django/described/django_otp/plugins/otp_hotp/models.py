from django.db import models
from django_otp.models import Device, ThrottlingMixin, TimestampMixin

def default_key(*args, **kwargs):
    return None

class HOTPDevice(TimestampMixin, ThrottlingMixin, Device):
    key = models.CharField(max_length=80, default=default_key)
    digits = models.PositiveSmallIntegerField(default=6, choices=[(6, 6), (8, 8)])
    tolerance = models.PositiveSmallIntegerField(default=5)
    counter = models.BigIntegerField(default=0)

    class Meta:
        pass
