"""A project that uses what the descriptions of third-party packages describe."""

SECRET_KEY = "not-a-secret"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "third_party"}}
USE_TZ = True
SITE_ID = 1
CKEDITOR_UPLOAD_PATH = "uploads/"
FIELD_ENCRYPTION_KEY = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.sites",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.usersessions",
    "axes",
    "ckeditor",
    "colorfield",
    "django_celery_beat",
    "django_celery_results",
    "django_ckeditor_5",
    "django_extensions",
    "django_otp",
    "django_otp.plugins.otp_email",
    "django_otp.plugins.otp_hotp",
    "django_otp.plugins.otp_static",
    "django_otp.plugins.otp_totp",
    "django_summernote",
    "djmoney",
    "easy_thumbnails",
    "guardian",
    "imagekit",
    "mptt",
    "oauth2_provider",
    "ordered_model",
    "polymorphic",
    "rest_framework",
    "rest_framework.authtoken",
    "rest_framework_simplejwt",
    "rest_framework_simplejwt.token_blacklist",
    "reversion",
    "simple_history",
    "solo",
    "sorl.thumbnail",
    "sortedm2m",
    "taggit",
    "tinymce",
    "treebeard",
    "waffle",
    "catalog.apps.CatalogConfig",
]
