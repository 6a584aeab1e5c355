from django.apps import AppConfig

class WaffleConfig(AppConfig):
    name = "waffle"
    default_auto_field = "django.db.models.AutoField"
