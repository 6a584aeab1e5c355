from django.db import models
from timezone_field.fields import TimeZoneField

def crontab_schedule_celery_timezone(*args, **kwargs):
    return None

class SolarSchedule(models.Model):
    event = models.CharField(
        max_length=24,
        choices=[
        ("dawn_astronomical", "dawn_astronomical"), ("dawn_civil", "dawn_civil"),
        ("dawn_nautical", "dawn_nautical"), ("dusk_astronomical", "dusk_astronomical"),
        ("dusk_civil", "dusk_civil"), ("dusk_nautical", "dusk_nautical"), ("solar_noon", "solar_noon"),
        ("sunrise", "sunrise"), ("sunset", "sunset"),
    ],
    )
    latitude = models.DecimalField(max_digits=9, decimal_places=6)
    longitude = models.DecimalField(max_digits=9, decimal_places=6)

    class Meta:
        unique_together = ["event", "latitude", "longitude"]
        ordering = ("event", "latitude", "longitude")

class IntervalSchedule(models.Model):
    every = models.IntegerField()
    period = models.CharField(
        max_length=24,
        choices=[
        ("days", "days"), ("hours", "hours"), ("minutes", "minutes"), ("seconds", "seconds"),
        ("microseconds", "microseconds"),
    ],
    )

    class Meta:
        ordering = ["period", "every"]

class ClockedSchedule(models.Model):
    clocked_time = models.DateTimeField()

    class Meta:
        ordering = ["clocked_time"]

class CrontabSchedule(models.Model):
    minute = models.CharField(max_length=240, default="*")
    hour = models.CharField(max_length=96, default="*")
    day_of_month = models.CharField(max_length=124, default="*")
    month_of_year = models.CharField(max_length=64, default="*")
    day_of_week = models.CharField(max_length=64, default="*")
    timezone = TimeZoneField(default=crontab_schedule_celery_timezone, use_pytz=False)

    class Meta:
        ordering = ["month_of_year", "day_of_month", "day_of_week", "hour", "minute", "timezone"]

class PeriodicTasks(models.Model):
    ident = models.SmallIntegerField(primary_key=True, unique=True, default=1)
    last_update = models.DateTimeField()

class PeriodicTask(models.Model):
    name = models.CharField(max_length=200, unique=True)
    task = models.CharField(max_length=200)
    interval = models.ForeignKey("django_celery_beat.IntervalSchedule", blank=True, null=True, on_delete=models.CASCADE)
    crontab = models.ForeignKey("django_celery_beat.CrontabSchedule", blank=True, null=True, on_delete=models.CASCADE)
    solar = models.ForeignKey("django_celery_beat.SolarSchedule", blank=True, null=True, on_delete=models.CASCADE)
    clocked = models.ForeignKey("django_celery_beat.ClockedSchedule", blank=True, null=True, on_delete=models.CASCADE)
    args = models.TextField(blank=True, default="[]")
    kwargs = models.TextField(blank=True, default="{}")
    queue = models.CharField(max_length=200, blank=True, null=True, default=None)
    exchange = models.CharField(max_length=200, blank=True, null=True, default=None)
    routing_key = models.CharField(max_length=200, blank=True, null=True, default=None)
    headers = models.TextField(blank=True, default="{}")
    priority = models.PositiveIntegerField(blank=True, null=True, default=None)
    expires = models.DateTimeField(blank=True, null=True)
    expire_seconds = models.PositiveIntegerField(blank=True, null=True)
    one_off = models.BooleanField(default=False)
    start_time = models.DateTimeField(blank=True, null=True)
    enabled = models.BooleanField(default=True)
    last_run_at = models.DateTimeField(blank=True, null=True, editable=False)
    total_run_count = models.PositiveIntegerField(default=0, editable=False)
    date_changed = models.DateTimeField(auto_now=True)
    description = models.TextField(blank=True)
