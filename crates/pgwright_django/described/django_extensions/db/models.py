from django.db import models
from django_extensions.db.fields import AutoSlugField, CreationDateTimeField, ModificationDateTimeField

class TimeStampedModel(models.Model):
    created = CreationDateTimeField()
    modified = ModificationDateTimeField()

    class Meta:
        get_latest_by = "modified"
        abstract = True

    def save(self, **kwargs):
        pass

class TitleDescriptionModel(models.Model):
    title = models.CharField(max_length=255)
    description = models.TextField(blank=True, null=True)

    class Meta:
        abstract = True

class TitleSlugDescriptionModel(TitleDescriptionModel):
    slug = AutoSlugField(populate_from="title")

    class Meta:
        abstract = True

class ActivatorQuerySet(models.query.QuerySet):
    pass

class ActivatorModelManager(models.Manager):
    _queryset_class = ActivatorQuerySet

class ActivatorModel(models.Model):
    INACTIVE_STATUS = 0
    ACTIVE_STATUS = 1
    STATUS_CHOICES = ((INACTIVE_STATUS, "Inactive"), (ACTIVE_STATUS, "Active"))
    status = models.IntegerField(choices=STATUS_CHOICES, default=ACTIVE_STATUS)
    activate_date = models.DateTimeField(blank=True, null=True)
    deactivate_date = models.DateTimeField(blank=True, null=True)
    objects = ActivatorModelManager()

    class Meta:
        ordering = ("status", "-activate_date")
        abstract = True

    def save(self, *args, **kwargs):
        pass
