from django.db import models

class EncryptedField(models.Field):
    def get_internal_type(self):
        return "BinaryField"

class EncryptedTextField(EncryptedField, models.TextField):
    pass

class EncryptedCharField(EncryptedField, models.CharField):
    pass

class EncryptedEmailField(EncryptedField, models.EmailField):
    pass

class EncryptedIntegerField(EncryptedField, models.IntegerField):
    pass

class EncryptedDateField(EncryptedField, models.DateField):
    pass

class EncryptedDateTimeField(EncryptedField, models.DateTimeField):
    pass
