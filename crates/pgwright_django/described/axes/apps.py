from django import apps

class AppConfig(apps.AppConfig):
    name = "axes"
    default_auto_field = "django.db.models.AutoField"
