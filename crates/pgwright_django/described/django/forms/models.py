from _pgwright import is_class, is_known, made_with, summon, unknown
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db.models.fields.related import ForeignKey, ManyToManyField
from django.forms.fields import ChoiceField, Field
from django.forms.forms import BaseForm, DeclarativeFieldsMetaclass
from django.forms.formsets import BaseFormSet

ALL_FIELDS = "__all__"

class ModelChoiceIteratorValue:
    pass

class ModelChoiceIterator:
    def __init__(self, field):
        self.field = field
        self.queryset = field.queryset
    def __iter__(self):
        return [self.choice(obj) for obj in self.queryset.iterator()]
    def choice(self, obj):
        return (unknown("a key"), self.field.label_from_instance(obj))

class ModelChoiceField(ChoiceField):
    iterator = ModelChoiceIterator

    def __init__(self, queryset=None, *, empty_label=None, to_field_name=None, limit_choices_to=None, **kwargs):
        self._relation = None
        Field.__init__(self, **kwargs)
        self.queryset = queryset
        self.limit_choices_to = limit_choices_to
        self.to_field_name = to_field_name

    def _get_queryset(self):
        queryset = self._queryset
        if not is_known(queryset):
            self._queryset = queryset = made_with(self, "queryset")
        if queryset is None and self._relation is not None:
            queryset = _related_model(self._relation)._default_manager.all()
        return queryset
    def _set_queryset(self, queryset):
        self._queryset = queryset
    @property
    def queryset(self):
        return self._get_queryset()
    @queryset.setter
    def queryset(self, queryset):
        self._set_queryset(queryset)
    @property
    def choices(self):
        return self.iterator(self)
    def label_from_instance(self, obj):
        return str(obj)
    def get_limit_choices_to(self):
        limit = self.limit_choices_to
        return limit() if callable(limit) else limit
    def to_python(self, value):
        return self.queryset.get(**{self.to_field_name or "pk": value})
    def clean(self, value):
        value = self.to_python(value)
        if self.required:
            return value
        return value if unknown("whether a value is given") else None

class ModelMultipleChoiceField(ModelChoiceField):
    def to_python(self, value):
        return list(self._check_values(value))
    def clean(self, value):
        found = self._check_values(value)
        for obj in found:
            pass
        return found
    def _check_values(self, value):
        return self.queryset.filter(**{(self.to_field_name or "pk") + "__in": unknown("keys")})

class InlineForeignKeyField(Field):
    def __init__(self, parent_instance, *args, pk_field=False, to_field=None, **kwargs):
        self.parent_instance = parent_instance
        super().__init__(**kwargs)
    def clean(self, value):
        return self.parent_instance

def _related_model(field):
    known = getattr(field, "related_model", None)
    if is_class(known):
        return known
    to = field.to
    if is_class(to):
        return to
    if to == "self":
        return field.model
    if "." in to:
        return apps.get_model(to)
    return apps.get_model(field.model._meta.app_label, to)

def _relations(model):
    return [(name, field) for name, field in model._meta.columns() if isinstance(field, (ForeignKey, ManyToManyField))]

def fields_for_model(model, fields=None, exclude=None):
    found = {}
    relations = dict(_relations(model))
    if fields is None or fields == ALL_FIELDS:
        names = list(relations)
    else:
        names = fields
    for name in names:
        if exclude is not None and name in exclude:
            continue
        if name in relations:
            relation = relations[name]
            made = ModelMultipleChoiceField() if isinstance(relation, ManyToManyField) else ModelChoiceField()
            made._relation = relation
            made.limit_choices_to = relation._limit_choices_to
            made.required = not relation.blank
        else:
            made = Field()
        found[name] = made
    return found

def model_to_dict(instance, fields=None, exclude=None):
    for name, field in _relations(instance.__class__):
        if exclude is not None and name in exclude:
            continue
        if isinstance(field, ManyToManyField) and (fields is None or fields == ALL_FIELDS or name in fields):
            list(getattr(instance, name).all())
    return unknown("the values of an instance")

def construct_instance(form, instance, fields=None, exclude=None):
    relations = dict(_relations(instance.__class__))
    for name, field in form.fields.items():
        if name in relations and isinstance(field, ModelChoiceField) and not isinstance(field, ModelMultipleChoiceField):
            setattr(instance, name, form.cleaned_data[name])
    return instance

def apply_limit_choices_to_to_formfield(formfield):
    if isinstance(formfield, ModelChoiceField):
        limit = formfield.get_limit_choices_to()
        if limit:
            formfield.queryset = formfield.queryset.complex_filter(limit)

class ModelFormOptions:
    def __init__(self, options=None):
        self.model = getattr(options, "model", None)
        self.fields = getattr(options, "fields", None)
        self.exclude = getattr(options, "exclude", None)
        self.widgets = getattr(options, "widgets", None)
        self.labels = getattr(options, "labels", None)

class ModelFormMetaclass(DeclarativeFieldsMetaclass):
    pass

class BaseModelForm(BaseForm):
    _meta = ModelFormOptions()

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        cls._meta = options = ModelFormOptions(getattr(cls, "Meta", None))
        if options.model is not None and (options.fields is not None or options.exclude is not None):
            fields = fields_for_model(options.model, options.fields, options.exclude)
            fields.update(cls.declared_fields)
            cls.base_fields = fields

    def _take_instance(self):
        self.instance = summon(self._meta.model)

    def __init__(self, data=None, files=None, auto_id=None, prefix=None, initial=None, error_class=None, label_suffix=None,
                 empty_permitted=False, instance=None, use_required_attribute=None, renderer=None):
        options = self._meta
        if instance is None:
            self.instance = options.model()
        else:
            self.instance = instance
            model_to_dict(instance, options.fields, options.exclude)
        self._save_later = None
        self._validate_unique = True
        super().__init__(data, files, auto_id, prefix, initial, empty_permitted=empty_permitted)
        for formfield in self.fields.values():
            apply_limit_choices_to_to_formfield(formfield)

    def _get_validation_exclusions(self):
        fields = self.fields
        return [name for name, field in self.instance._meta.columns()
                if name not in fields or isinstance(fields[name], InlineForeignKeyField)]
    def clean(self):
        return self.cleaned_data
    def _post_clean(self):
        construct_instance(self, self.instance)
        try:
            self.instance.full_clean(
                exclude=self._get_validation_exclusions(), validate_unique=False, validate_constraints=False)
        except ValidationError:
            pass
        self.validate_unique()
        self.validate_constraints()
    def validate_unique(self):
        try:
            self.instance.validate_unique(exclude=self._get_validation_exclusions())
        except ValidationError:
            pass
    def validate_constraints(self):
        try:
            self.instance.validate_constraints(exclude=self._get_validation_exclusions())
        except ValidationError:
            pass
    def _save_m2m(self):
        cleaned = self.cleaned_data
        for name, field in self.fields.items():
            if isinstance(field, ModelMultipleChoiceField) and name in dict(_relations(self.instance.__class__)):
                getattr(self.instance, name).set(cleaned[name])
    def save_m2m(self):
        self._save_m2m()
    def save(self, commit=True):
        # Validated before: nobody saves a form without asking whether it is valid.
        if commit:
            self.instance.save()
            self._save_m2m()
        return self.instance

class ModelForm(BaseModelForm):
    pass

def modelform_factory(model, form=ModelForm, fields=None, exclude=None, **options):
    base = (form.Meta,) if hasattr(form, "Meta") else ()
    body = {"model": model}
    if fields is not None:
        body["fields"] = fields
    if exclude is not None:
        body["exclude"] = exclude
    return type(model.__name__ + "Form", (form,), {"Meta": type("Meta", base, body)})

class BaseModelFormSet(BaseFormSet):
    model = None
    fk = None

    def __init__(self, data=None, files=None, auto_id=None, prefix=None, queryset=None, *, initial=None, **kwargs):
        self.queryset = queryset
        self._queryset = None
        super().__init__(data, files, auto_id, prefix, **kwargs)

    def initial_form_count(self):
        return len(self.get_queryset())
    def get_queryset(self):
        if self._queryset is None:
            queryset = self.queryset
            if queryset is None:
                queryset = self.model._default_manager.get_queryset()
            if not queryset.ordered:
                queryset = queryset.order_by("pk")
            self._queryset = queryset
        return self._queryset
    def _initial_forms(self):
        return [self._construct_form(unknown("a number"), instance=obj, **self.get_form_kwargs(unknown("a number")))
                for obj in self.get_queryset()]
    def add_fields(self, form, index):
        if self.model is not None:
            form.fields["id"] = ModelChoiceField(self.model._default_manager.get_queryset(), required=False)
        super().add_fields(form, index)
    def save_new(self, form, commit=True):
        return form.save(commit=commit)
    def save_existing(self, form, obj, commit=True):
        return form.save(commit=commit)
    def delete_existing(self, obj, commit=True):
        if commit:
            obj.delete()
    def save(self, commit=True):
        return self.save_existing_objects(commit) + self.save_new_objects(commit)
    def save_existing_objects(self, commit=True):
        self.changed_objects = []
        self.deleted_objects = []
        saved = []
        for form in self.initial_forms:
            obj = form.instance
            if unknown("whether a form is to be deleted"):
                self.deleted_objects.append(obj)
                self.delete_existing(obj, commit=commit)
            else:
                self.changed_objects.append((obj, form.changed_data))
                saved.append(self.save_existing(form, obj, commit=commit))
        return saved
    def save_new_objects(self, commit=True):
        self.new_objects = []
        for form in self.extra_forms:
            self.new_objects.append(self.save_new(form, commit=commit))
        return self.new_objects
    def save_m2m(self):
        for form in self.forms:
            form.save_m2m()
    def clean(self):
        self.validate_unique()
    def validate_unique(self):
        for form in self.forms:
            form.validate_unique()

def modelformset_factory(model, form=ModelForm, formset=BaseModelFormSet, fields=None, exclude=None, **options):
    made = modelform_factory(model, form, fields, exclude)
    return type(model.__name__ + "FormSet", (formset,), {"form": made, "model": model})

class BaseInlineFormSet(BaseModelFormSet):
    def __init__(self, data=None, files=None, instance=None, save_as_new=False, prefix=None, queryset=None, **kwargs):
        if instance is None:
            instance = _related_model(self.fk)()
        self.instance = instance
        if queryset is None:
            queryset = self.model._default_manager
        super().__init__(data, files, prefix=prefix, queryset=queryset.filter(**{self.fk.name: instance}), **kwargs)
    def _construct_form(self, i, **kwargs):
        form = super()._construct_form(i, **kwargs)
        setattr(form.instance, self.fk.name, self.instance)
        return form
    def add_fields(self, form, index):
        super().add_fields(form, index)
        form.fields[self.fk.name] = InlineForeignKeyField(self.instance)
    def save_new(self, form, commit=True):
        setattr(form.instance, self.fk.name, self.instance)
        return super().save_new(form, commit=commit)

def _get_foreign_key(parent_model, model, fk_name=None, can_fail=False):
    for name, field in _relations(model):
        if fk_name is not None:
            if name == fk_name:
                return field
        elif isinstance(field, ForeignKey) and issubclass(parent_model, _related_model(field)):
            return field
    return None

def inlineformset_factory(parent_model, model, form=ModelForm, formset=BaseInlineFormSet, fk_name=None, fields=None,
                          exclude=None, **options):
    made = modelform_factory(model, form, fields, exclude)
    fk = _get_foreign_key(parent_model, model, fk_name)
    return type(model.__name__ + "FormSet", (formset,), {"form": made, "model": model, "fk": fk})
