from django.db import models

class EncryptedMixin:
    def get_internal_type(self):
        return "TextField"

class EncryptedCharField(EncryptedMixin, models.CharField):
    pass

class EncryptedTextField(EncryptedMixin, models.TextField):
    pass

class EncryptedDateField(EncryptedMixin, models.DateField):
    pass

class EncryptedDateTimeField(EncryptedMixin, models.DateTimeField):
    pass

class EncryptedEmailField(EncryptedMixin, models.EmailField):
    pass

class EncryptedBooleanField(EncryptedMixin, models.BooleanField):
    pass

class EncryptedNumberMixin(EncryptedMixin):
    max_length = 20

class EncryptedIntegerField(EncryptedNumberMixin, models.IntegerField):
    pass

class EncryptedPositiveIntegerField(EncryptedNumberMixin, models.PositiveIntegerField):
    pass

class EncryptedSmallIntegerField(EncryptedNumberMixin, models.SmallIntegerField):
    pass

class EncryptedPositiveSmallIntegerField(EncryptedNumberMixin, models.PositiveSmallIntegerField):
    pass

class EncryptedBigIntegerField(EncryptedNumberMixin, models.BigIntegerField):
    pass
