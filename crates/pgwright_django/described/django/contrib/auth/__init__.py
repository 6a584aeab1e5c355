from django.apps import apps as django_apps
from django.conf import settings

def get_user_model():
    return django_apps.get_model(settings.AUTH_USER_MODEL, require_ready=False)
