"""Misago ships no settings that Django can run with: those its registry dump was made with."""

from misago.settings import *

INSTALLED_APPS = [
    "misago",
    "misago.users",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "ariadne_django",
    "celery",
    "debug_toolbar",
    "mptt",
    "rest_framework",
    "social_django",
    "misago.admin",
    "misago.acl",
    "misago.analytics",
    "misago.cache",
    "misago.core",
    "misago.conf",
    "misago.icons",
    "misago.themes",
    "misago.markup",
    "misago.legal",
    "misago.notifications",
    "misago.categories",
    "misago.threads",
    "misago.readtracker",
    "misago.search",
    "misago.oauth2",
    "misago.socialauth",
    "misago.graphql",
    "misago.faker",
    "misago.menus",
    "misago.plugins",
    "misago.apiv2",
]

AUTH_USER_MODEL = "misago_users.User"
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
USE_TZ = True

DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql"}}
SECRET_KEY = "corpus"
