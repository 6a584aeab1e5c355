from _pgwright import unknown
from django.core.exceptions import ObjectDoesNotExist, ValidationError as DjangoValidationError
from rest_framework.exceptions import ValidationError

class empty:
    pass
class SkipField(Exception):
    pass
class BuiltinSignatureError(Exception):
    pass
class CreateOnlyDefault:
    requires_context = True
    def __init__(self, default):
        self.default = default
class CurrentUserDefault:
    requires_context = True

REGEX_TYPE = unknown("the type of patterns")

class Field:
    default_validators = []
    default_error_messages = {}
    initial = None
    parent = None
    field_name = None
    _root_context = None
    validators = []

    def __init__(self, *, read_only=False, write_only=False, required=None, default=empty, initial=empty, source=None,
                 label=None, help_text=None, style=None, error_messages=None, validators=None, allow_null=False, **kwargs):
        self.read_only = read_only
        self.write_only = write_only
        self.source = source
        self.allow_null = allow_null
        self.required = required
        if validators is not None:
            self.validators = list(validators)
    def bind(self, field_name, parent):
        self.field_name = field_name
        self.parent = parent
    @property
    def source_attrs(self):
        return (self.source or self.field_name).split(".")
    @property
    def root(self):
        return self if self.parent is None else self.parent.root
    @property
    def context(self):
        if self.parent is None:
            return self._context
        return self.parent.context
    def _open_context(self):
        self._context = {}
    def get_value(self, dictionary):
        return unknown("what the client sends")
    def get_attribute(self, instance):
        source = self.source or self.field_name
        if source == "*":
            return instance
        for name in source.split("."):
            instance = getattr(instance, name)
            if callable(instance):
                instance = instance()
        return instance
    def get_default(self):
        return unknown("a default")
    def validate_empty_values(self, data):
        return (False, data)
    def run_validation(self, data=empty):
        value = self.to_internal_value(data)
        self.run_validators(value)
        return value
    def run_validators(self, value):
        for validator in self.validators:
            try:
                if getattr(validator, "requires_context", False):
                    validator(value, self)
                else:
                    validator(value)
            except (ValidationError, DjangoValidationError):
                pass
    def to_internal_value(self, data):
        return data
    def to_representation(self, value):
        return value
    def fail(self, key, **kwargs):
        raise ValidationError(key)

class BooleanField(Field):
    pass
class NullBooleanField(BooleanField):
    pass
class CharField(Field):
    pass
class EmailField(CharField):
    pass
class RegexField(CharField):
    def __init__(self, regex=None, **kwargs):
        super().__init__(**kwargs)
class SlugField(CharField):
    pass
class URLField(CharField):
    pass
class UUIDField(Field):
    pass
class IPAddressField(CharField):
    pass
class IntegerField(Field):
    pass
class BigIntegerField(IntegerField):
    pass
class FloatField(Field):
    pass
class DecimalField(Field):
    def __init__(self, max_digits=None, decimal_places=None, **kwargs):
        super().__init__(**kwargs)
class DateTimeField(Field):
    pass
class DateField(Field):
    pass
class TimeField(Field):
    pass
class DurationField(Field):
    pass
class ChoiceField(Field):
    def __init__(self, choices=(), **kwargs):
        super().__init__(**kwargs)
        self.choices = choices
class MultipleChoiceField(ChoiceField):
    pass
class FilePathField(ChoiceField):
    pass
class FileField(Field):
    pass
class ImageField(FileField):
    pass
class ListField(Field):
    child = Field()
    def __init__(self, *, child=None, **kwargs):
        if child is not None:
            self.child = child
        super().__init__(**kwargs)
    def to_internal_value(self, data):
        return [self.child.run_validation(item) for item in data]
    def run_child_validation(self, data):
        return [self.child.run_validation(item) for item in data]
    def to_representation(self, data):
        return [self.child.to_representation(item) for item in data]
class DictField(Field):
    pass
class HStoreField(DictField):
    pass
class JSONField(Field):
    pass
class ReadOnlyField(Field):
    pass
class HiddenField(Field):
    pass
class SerializerMethodField(Field):
    def __init__(self, method_name=None, **kwargs):
        super().__init__(read_only=True, source="*")
        self.method_name = method_name
    def get_attribute(self, instance):
        return instance
    def to_representation(self, value):
        return getattr(self.parent, self.method_name or "get_" + self.field_name)(value)
class ModelField(Field):
    pass
