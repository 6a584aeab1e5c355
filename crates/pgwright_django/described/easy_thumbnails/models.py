from django.db import models
from django.utils import timezone

class File(models.Model):
    storage_hash = models.CharField(max_length=40, db_index=True)
    name = models.CharField(max_length=255, db_index=True)
    modified = models.DateTimeField(default=timezone.now)

    class Meta:
        abstract = True
        unique_together = [("storage_hash", "name")]

class Source(File):
    class Meta:
        unique_together = [("storage_hash", "name")]

class Thumbnail(File):
    source = models.ForeignKey("easy_thumbnails.Source", related_name="thumbnails", on_delete=models.CASCADE)

    class Meta:
        unique_together = [("storage_hash", "name", "source")]

class ThumbnailDimensions(models.Model):
    thumbnail = models.OneToOneField("easy_thumbnails.Thumbnail", related_name="dimensions", on_delete=models.CASCADE)
    width = models.PositiveIntegerField(null=True)
    height = models.PositiveIntegerField(null=True)
