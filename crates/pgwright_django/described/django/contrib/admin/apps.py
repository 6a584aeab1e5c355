from django.apps import AppConfig

class AdminConfig(AppConfig):
    default = True
    default_auto_field = "django.db.models.AutoField"
    name = "django.contrib.admin"

class SimpleAdminConfig(AppConfig):
    default_auto_field = "django.db.models.AutoField"
    name = "django.contrib.admin"
    default = False
