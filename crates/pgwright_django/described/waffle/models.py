from django.conf import settings
from django.db import models
from django.utils import timezone

class BaseModel(models.Model):
    class Meta:
        abstract = True

class AbstractBaseFlag(BaseModel):
    name = models.CharField(max_length=100, unique=True)
    everyone = models.BooleanField(blank=True, null=True)
    percent = models.DecimalField(blank=True, null=True, max_digits=3, decimal_places=1)
    testing = models.BooleanField(default=False)
    superusers = models.BooleanField(default=True)
    staff = models.BooleanField(default=False)
    authenticated = models.BooleanField(default=False)
    languages = models.TextField(blank=True, default="")
    rollout = models.BooleanField(default=False)
    note = models.TextField(blank=True)
    created = models.DateTimeField(db_index=True, default=timezone.now)
    modified = models.DateTimeField(default=timezone.now)

    class Meta:
        abstract = True

class AbstractUserFlag(AbstractBaseFlag):
    groups = models.ManyToManyField("auth.Group", blank=True)
    users = models.ManyToManyField(settings.AUTH_USER_MODEL, blank=True)

    class Meta:
        abstract = True

class Flag(AbstractUserFlag):
    class Meta:
        swappable = "WAFFLE_FLAG_MODEL"

class AbstractBaseSwitch(BaseModel):
    name = models.CharField(max_length=100, unique=True)
    active = models.BooleanField(default=False)
    note = models.TextField(blank=True)
    created = models.DateTimeField(db_index=True, default=timezone.now)
    modified = models.DateTimeField(default=timezone.now)

    class Meta:
        abstract = True

class AbstractBaseSample(BaseModel):
    name = models.CharField(max_length=100, unique=True)
    percent = models.DecimalField(max_digits=4, decimal_places=1)
    note = models.TextField(blank=True)
    created = models.DateTimeField(db_index=True, default=timezone.now)
    modified = models.DateTimeField(default=timezone.now)

    class Meta:
        abstract = True

class Switch(AbstractBaseSwitch):
    class Meta:
        swappable = "WAFFLE_SWITCH_MODEL"

class Sample(AbstractBaseSample):
    class Meta:
        swappable = "WAFFLE_SAMPLE_MODEL"
