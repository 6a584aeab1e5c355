from django.db.models.fields import CharField, EmailField, TextField

class CIText:
    pass

class CICharField(CharField):
    pass

class CIEmailField(EmailField):
    pass

class CITextField(TextField):
    pass
