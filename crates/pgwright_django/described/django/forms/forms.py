from _pgwright import attributes_with, unknown
from django.core.exceptions import ValidationError

class DeclarativeFieldsMetaclass(type):
    pass

class BaseForm:
    _entries = ("is_valid",)
    prefix = None
    base_fields = {}
    _is_cleaned = False

    def __init_subclass__(cls, **kwargs):
        fields = {}
        for base in reversed(cls.__mro__):
            for name, field in attributes_with(base, "get_bound_field", None):
                fields[name] = field
        cls.declared_fields = fields
        cls.base_fields = fields

    def __init__(self, data=None, files=None, auto_id=None, prefix=None, initial=None, error_class=None, label_suffix=None,
                 empty_permitted=False, field_order=None, use_required_attribute=None, renderer=None, bound_field_class=None):
        self.data = data
        self.files = files
        self.initial = initial or {}
        self.is_bound = unknown("whether a form is bound")
        self.empty_permitted = empty_permitted
        if prefix is not None:
            self.prefix = prefix
        self.fields = self.base_fields.copy()
        self._errors = None
        self._is_cleaned = False

    def __getitem__(self, name):
        return self.fields[name].get_bound_field(self, name)
    def __iter__(self):
        return [self[name] for name in self.fields]
    def __str__(self):
        return self.render()
    def render(self, *args, **kwargs):
        for name in self.fields:
            self[name].as_widget()
        return unknown("a rendered form")
    as_p = as_table = as_ul = as_div = render

    def order_fields(self, field_order):
        pass
    def add_prefix(self, field_name):
        return field_name
    @property
    def errors(self):
        if not self._is_cleaned:
            self._is_cleaned = True
            self.full_clean()
        return self._errors
    def is_valid(self):
        self.errors
        return unknown("whether a form is valid")
    def add_error(self, field, error):
        pass
    def has_error(self, field, code=None):
        self.errors
        return unknown("whether a form's field has an error")
    def non_field_errors(self):
        self.errors
        return unknown("errors of a form")

    def full_clean(self):
        self._errors = unknown("errors of a form")
        self.cleaned_data = {}
        self._clean_fields()
        self._clean_form()
        self._post_clean()
    def _clean_fields(self):
        cleaned = self.cleaned_data
        for name, field in self.fields.items():
            cleaned[name] = field.clean(unknown("what the client sends"))
            if hasattr(self, "clean_" + name):
                try:
                    cleaned[name] = getattr(self, "clean_" + name)()
                except ValidationError:
                    pass
        cleaned[unknown("the name of a field")] = unknown("what the client sends")
    def _clean_form(self):
        try:
            cleaned_data = self.clean()
        except ValidationError:
            cleaned_data = None
        if cleaned_data is not None:
            self.cleaned_data = cleaned_data
    def _post_clean(self):
        pass
    def clean(self):
        return self.cleaned_data

    def has_changed(self):
        return unknown("whether a form changed")
    @property
    def changed_data(self):
        return [unknown("the name of a field") for field in unknown("changed fields")]
    @property
    def media(self):
        return unknown("media")
    def is_multipart(self):
        return unknown("whether a form holds files")
    def hidden_fields(self):
        return self.__iter__()
    def visible_fields(self):
        return self.__iter__()
    def get_initial_for_field(self, field, field_name):
        return unknown("an initial value")

class Form(BaseForm):
    pass
