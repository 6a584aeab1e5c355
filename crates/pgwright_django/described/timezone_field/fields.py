from _pgwright import unknown
from django.db import models

class TimeZoneField(models.Field):
    def __init__(self, *args, **kwargs):
        kwargs.setdefault("max_length", 63)
        self.use_pytz = kwargs.pop("use_pytz", None)
        self.choices_display = kwargs.pop("choices_display", None)
        # The zones of the machine the project runs on.
        kwargs.setdefault("choices", unknown("the time zones"))
        super().__init__(*args, **kwargs)

    def get_internal_type(self):
        return "CharField"
