from django.db import models
from django_summernote.utils import uploaded_filepath

class AbstractAttachment(models.Model):
    name = models.CharField(max_length=255, blank=True, null=True)
    file = models.FileField(upload_to=uploaded_filepath)
    uploaded = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True

class Attachment(AbstractAttachment):
    class Meta:
        pass
