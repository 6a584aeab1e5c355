from django.db import models

class ImageSpecField:
    def __init__(self, processors=None, format=None, options=None, source=None, cachefile_storage=None,
                 autoconvert=None, cachefile_backend=None, cachefile_strategy=None, spec=None, id=None):
        self.source = source

class ProcessedImageField(models.ImageField):
    def __init__(self, processors=None, format=None, options=None, verbose_name=None, name=None, width_field=None,
                 height_field=None, autoconvert=None, spec=None, spec_id=None, **kwargs):
        super().__init__(verbose_name, name, width_field, height_field, **kwargs)
