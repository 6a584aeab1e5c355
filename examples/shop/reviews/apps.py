from django.apps import AppConfig


class ReviewsConfig(AppConfig):
    name = "reviews"
    # Hazard integer-primary-key: keys of this app end at 2,147,483,647.
    # Right: leave it out, so that DEFAULT_AUTO_FIELD (a 64-bit key) holds as in the other apps.
    default_auto_field = "django.db.models.AutoField"
