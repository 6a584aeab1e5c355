from fernet_fields.fields import (
    EncryptedCharField, EncryptedDateField, EncryptedDateTimeField, EncryptedEmailField, EncryptedField,
    EncryptedIntegerField, EncryptedTextField,
)
