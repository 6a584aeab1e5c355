from django.apps import AppConfig
from django.conf import settings

class MFAConfig(AppConfig):
    name = "allauth.mfa"
    default_auto_field = getattr(settings, "ALLAUTH_DEFAULT_AUTO_FIELD", None) or "django.db.models.BigAutoField"
