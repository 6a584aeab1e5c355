from django.apps import AppConfig


class PgwrightConfig(AppConfig):
    name = "pgwright.django"
    label = "pgwright"
    verbose_name = "pgwright"
