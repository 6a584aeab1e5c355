from django.db import models

class JSONFieldMixin(models.Field):
    def __init__(self, *args, dump_kwargs=None, load_kwargs=None, **kwargs):
        self.dump_kwargs = dump_kwargs
        self.load_kwargs = load_kwargs
        super().__init__(*args, **kwargs)

class JSONField(JSONFieldMixin, models.TextField):
    pass

class JSONCharField(JSONFieldMixin, models.CharField):
    pass
