"""Settings of the models that writes are recorded on; the server is found through libpq's variables."""

SECRET_KEY = "of no use"
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "lib",
]
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "project"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
# Tables as the models are, in one step.
MIGRATION_MODULES = {"contenttypes": None, "auth": None, "sessions": None, "lib": None}
