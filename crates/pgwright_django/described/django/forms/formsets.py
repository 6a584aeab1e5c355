from _pgwright import cached_property, unknown
from django.core.exceptions import ValidationError
from django.forms.forms import Form

DEFAULT_MIN_NUM = 0
DEFAULT_MAX_NUM = 1000

class ManagementForm(Form):
    pass

class BaseFormSet:
    _entries = ("is_valid",)
    form = Form
    extra = 0
    can_delete = False
    can_order = False
    prefix = "form"
    _is_cleaned = False

    def __init__(self, data=None, files=None, auto_id=None, prefix=None, initial=None, error_class=None, form_kwargs=None,
                 error_messages=None):
        self.data = data
        self.files = files
        self.initial = initial
        self.form_kwargs = form_kwargs or {}
        self.is_bound = unknown("whether a formset is bound")
        self._errors = None
        self._is_cleaned = False
        self._forms = None
        self._parts = None

    def __iter__(self):
        return iter(self.forms)
    def __getitem__(self, index):
        return self.forms[index]
    def __len__(self):
        return len(self.forms)
    @property
    def management_form(self):
        return ManagementForm()
    def total_form_count(self):
        return unknown("how many forms there are")
    def initial_form_count(self):
        return unknown("how many forms there are")
    def _initial_forms(self):
        return [self._construct_form(index, **self.get_form_kwargs(index)) for index in unknown("forms")]
    def _made(self):
        if self._parts is None:
            self.initial_form_count()
            initial = self._initial_forms()
            extra = [self._construct_form(index, **self.get_form_kwargs(index)) for index in unknown("forms")]
            self._parts = (initial, extra)
        return self._parts
    @property
    def forms(self):
        if self._forms is None:
            initial, extra = self._made()
            self._forms = [*initial, *extra]
        return self._forms
    @property
    def initial_forms(self):
        return self._made()[0]
    @property
    def extra_forms(self):
        return self._made()[1]
    @property
    def deleted_forms(self):
        return self.initial_forms
    @property
    def ordered_forms(self):
        return self.forms
    @property
    def cleaned_data(self):
        return [form.cleaned_data for form in self.forms]
    @property
    def empty_form(self):
        form = self.form(**self.get_form_kwargs(None))
        self.add_fields(form, None)
        return form
    def get_form_kwargs(self, index):
        return self.form_kwargs.copy()
    def _construct_form(self, i, **kwargs):
        form = self.form(data=self.data, files=self.files, **kwargs)
        self.add_fields(form, i)
        return form
    @classmethod
    def get_default_prefix(cls):
        return "form"
    def add_fields(self, form, index):
        pass
    def add_prefix(self, index):
        return self.prefix
    @property
    def errors(self):
        if not self._is_cleaned:
            self._is_cleaned = True
            self.full_clean()
        return self._errors
    def non_form_errors(self):
        self.errors
        return unknown("errors of a formset")
    def total_error_count(self):
        self.errors
        return unknown("how many errors there are")
    def is_valid(self):
        self.errors
        for form in self.forms:
            form.is_valid()
        return unknown("whether a formset is valid")
    def full_clean(self):
        self._errors = unknown("errors of a formset")
        for form in self.forms:
            form.errors
        try:
            self.clean()
        except ValidationError:
            pass
    def clean(self):
        pass
    def has_changed(self):
        return unknown("whether a formset changed")
    def is_multipart(self):
        return unknown("whether a formset holds files")
    @property
    def media(self):
        return unknown("media")

def formset_factory(form, formset=BaseFormSet, **kwargs):
    return type(form.__name__ + "FormSet", (formset,), {"form": form})

def all_valid(formsets):
    for formset in formsets:
        formset.is_valid()
    return unknown("whether formsets are valid")
