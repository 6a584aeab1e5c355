from django.db import models
from phonenumber_field.validators import validate_international_phonenumber

class PhoneNumberField(models.CharField):
    default_validators = [validate_international_phonenumber]

    def __init__(self, *args, region=None, **kwargs):
        kwargs.setdefault("max_length", 128)
        super().__init__(*args, **kwargs)
        self._region = region
