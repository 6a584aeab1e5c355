import re

class RegexValidator:
    def __init__(self, regex=None, message=None, code=None, inverse_match=None, flags=None):
        if regex is not None:
            self.regex = regex

class URLValidator(RegexValidator):
    def __init__(self, schemes=None, **kwargs):
        pass

class EmailValidator:
    pass

class DomainNameValidator(RegexValidator):
    pass

class BaseValidator:
    def __init__(self, limit_value, message=None):
        self.limit_value = limit_value

class MaxValueValidator(BaseValidator):
    pass

class MinValueValidator(BaseValidator):
    pass

class StepValueValidator(BaseValidator):
    pass

class MinLengthValidator(BaseValidator):
    pass

class MaxLengthValidator(BaseValidator):
    pass

class DecimalValidator:
    pass

class FileExtensionValidator:
    pass

class ProhibitNullCharactersValidator:
    pass

def validate_email(value):
    pass

def validate_slug(value):
    pass

def validate_unicode_slug(value):
    pass

def validate_ipv4_address(value):
    pass

def validate_ipv6_address(value):
    pass

def validate_ipv46_address(value):
    pass

def validate_comma_separated_integer_list(value):
    pass

def int_list_validator(sep=",", message=None, code="invalid", allow_negative=False):
    return RegexValidator("int list")

def validate_image_file_extension(value):
    pass
