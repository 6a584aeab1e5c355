from django.db import models

class JSONField(models.TextField):
    def __init__(self, *args, **kwargs):
        kwargs.setdefault("default", dict)
        models.TextField.__init__(self, *args, **kwargs)
