from django.apps import AppConfig
from django.conf import settings

class SocialAccountConfig(AppConfig):
    name = "allauth.socialaccount"
    default_auto_field = getattr(settings, "ALLAUTH_DEFAULT_AUTO_FIELD", None) or "django.db.models.AutoField"
