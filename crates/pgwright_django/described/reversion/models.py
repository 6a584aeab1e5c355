from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey
from django.db import models

class Revision(models.Model):
    date_created = models.DateTimeField(db_index=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, blank=True, null=True, on_delete=models.SET_NULL)
    comment = models.TextField(blank=True)

    class Meta:
        app_label = "reversion"
        ordering = ("-pk",)

class Version(models.Model):
    revision = models.ForeignKey("reversion.Revision", on_delete=models.CASCADE)
    object_id = models.CharField(max_length=191)
    content_type = models.ForeignKey("contenttypes.ContentType", on_delete=models.CASCADE)
    object = GenericForeignKey("content_type", "object_id")
    db = models.CharField(max_length=191)
    format = models.CharField(max_length=255)
    serialized_data = models.TextField()
    object_repr = models.TextField()

    class Meta:
        app_label = "reversion"
        unique_together = [("db", "content_type", "object_id", "revision")]
        indexes = [models.Index(fields=["content_type", "db"])]
        ordering = ("-pk",)
