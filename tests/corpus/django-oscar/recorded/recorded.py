"""What django-oscar's own test suite adds to its settings, as far as queries show it: the queries were recorded with these."""

from settings import *  # noqa: F403

INSTALLED_APPS = [
    "recorded_site.partner.apps.PartnerConfig" if app == "oscar.apps.partner.apps.PartnerConfig" else app
    for app in INSTALLED_APPS  # noqa: F405
] + ["recorded_site.myauth"]

AUTH_USER_MODEL = "myauth.User"
AUTHENTICATION_BACKENDS = (
    "oscar.apps.customer.auth_backends.EmailBackend",
    "django.contrib.auth.backends.ModelBackend",
)
MIDDLEWARE = [
    "django.middleware.common.CommonMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "oscar.apps.basket.middleware.BasketMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.contrib.auth.context_processors.auth",
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
                "oscar.apps.search.context_processors.search_form",
                "oscar.apps.communication.notifications.context_processors.notifications",
                "oscar.apps.checkout.context_processors.checkout",
                "oscar.core.context_processors.metadata",
            ],
        },
    }
]
HAYSTACK_SIGNAL_PROCESSOR = "haystack.signals.RealtimeSignalProcessor"
SITE_ID = 1
OSCAR_INITIAL_ORDER_STATUS = "A"
OSCAR_ORDER_STATUS_PIPELINE = {"A": ("B",), "B": ()}
OSCAR_INITIAL_LINE_STATUS = "a"
OSCAR_LINE_STATUS_PIPELINE = {"a": ("b",), "b": ()}
