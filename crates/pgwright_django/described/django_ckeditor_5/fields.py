from django.db import models

class CKEditor5Field(models.TextField):
    def __init__(self, *args, config_name="default", **kwargs):
        self.config_name = config_name
        super().__init__(*args, **kwargs)
