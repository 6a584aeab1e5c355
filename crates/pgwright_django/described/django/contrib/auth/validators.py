from django.core.validators import RegexValidator

class ASCIIUsernameValidator(RegexValidator):
    pass

class UnicodeUsernameValidator(RegexValidator):
    pass
