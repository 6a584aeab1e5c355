from _pgwright import unknown

class Field:
    def __init__(self, *, required=True, widget=None, label=None, initial=None, help_text="", error_messages=None,
                 show_hidden_initial=False, validators=(), localize=False, disabled=False, label_suffix=None, **kwargs):
        self.required = required
        self.label = label
        self.initial = initial
        self.disabled = disabled
        self.help_text = help_text
    def clean(self, value):
        value = self.to_python(value)
        self.validate(value)
        return value
    def to_python(self, value):
        return value
    def validate(self, value):
        pass
    def run_validators(self, value):
        pass
    def prepare_value(self, value):
        return value
    def bound_data(self, data, initial):
        return data
    def has_changed(self, initial, data):
        return unknown("whether a field changed")
    def widget_attrs(self, widget):
        return {}
    def get_bound_field(self, form, field_name):
        from django.forms.boundfield import BoundField
        return BoundField(form, self, field_name)

class CharField(Field):
    pass
class IntegerField(Field):
    pass
class FloatField(IntegerField):
    pass
class DecimalField(IntegerField):
    pass
class BaseTemporalField(Field):
    pass
class DateField(BaseTemporalField):
    pass
class TimeField(BaseTemporalField):
    pass
class DateTimeField(BaseTemporalField):
    pass
class DurationField(Field):
    pass
class RegexField(CharField):
    def __init__(self, regex, **kwargs):
        super().__init__(**kwargs)
class EmailField(CharField):
    pass
class FileField(Field):
    pass
class ImageField(FileField):
    pass
class URLField(CharField):
    pass
class BooleanField(Field):
    pass
class NullBooleanField(BooleanField):
    pass
class ChoiceField(Field):
    def __init__(self, *, choices=(), **kwargs):
        super().__init__(**kwargs)
        self.choices = choices
class TypedChoiceField(ChoiceField):
    pass
class MultipleChoiceField(ChoiceField):
    pass
class TypedMultipleChoiceField(MultipleChoiceField):
    pass
class ComboField(Field):
    def __init__(self, fields, **kwargs):
        super().__init__(**kwargs)
class MultiValueField(Field):
    def __init__(self, fields=(), *, require_all_fields=True, **kwargs):
        super().__init__(**kwargs)
        self.fields = fields
    def compress(self, data_list):
        return data_list
class FilePathField(ChoiceField):
    pass
class SplitDateTimeField(MultiValueField):
    pass
class GenericIPAddressField(CharField):
    pass
class SlugField(CharField):
    pass
class UUIDField(CharField):
    pass
class JSONField(CharField):
    pass
