from _pgwright import attributes_with, unknown
from django import forms
from django.db.models.fields.related import ForeignKey, ManyToManyField
from django.forms.models import _related_model, _relations
from django_filters.filters import CharFilter, Filter, ModelChoiceFilter, ModelMultipleChoiceFilter

FILTER_FOR_DBFIELD_DEFAULTS = {}
ALL_FIELDS = "__all__"

class FilterSetOptions:
    def __init__(self, options=None):
        self.model = getattr(options, "model", None)
        self.fields = getattr(options, "fields", None)
        self.exclude = getattr(options, "exclude", None)
        self.filter_overrides = getattr(options, "filter_overrides", {})
        self.form = getattr(options, "form", forms.Form)

class FilterSetMetaclass(type):
    pass

class BaseFilterSet:
    """Of the filters that a client may combine each is seen alone."""

    FILTER_DEFAULTS = FILTER_FOR_DBFIELD_DEFAULTS
    _meta = FilterSetOptions()
    declared_filters = {}
    base_filters = {}

    def __init_subclass__(cls, **kwargs):
        declared = {}
        for base in reversed(cls.__mro__):
            for name, one in attributes_with(base, "get_method", None):
                if one.field_name is None:
                    one.field_name = name
                declared[name] = one
        cls.declared_filters = declared
        cls._meta = FilterSetOptions(getattr(cls, "Meta", None))
        cls.base_filters = None

    @classmethod
    def get_fields(cls):
        fields = cls._meta.fields
        if isinstance(fields, dict):
            return fields
        if isinstance(fields, (list, tuple)):
            return {name: ["exact"] for name in fields}
        return {}
    @classmethod
    def get_filters(cls):
        filters = {}
        if cls._meta.model is not None:
            relations = dict(_relations(cls._meta.model))
            for name, lookups in cls.get_fields().items():
                for lookup in lookups:
                    made = name if lookup == "exact" else name + "__" + lookup
                    if made not in cls.declared_filters:
                        filters[made] = cls.filter_for_field(relations.get(name), name, lookup)
        filters.update(cls.declared_filters)
        return filters
    @classmethod
    def filter_for_field(cls, field, field_name, lookup_expr="exact"):
        if isinstance(field, ManyToManyField):
            queryset = _related_model(field)._default_manager.all()
            return ModelMultipleChoiceFilter(field_name=field_name, queryset=queryset)
        if isinstance(field, ForeignKey) and lookup_expr == "exact":
            queryset = _related_model(field)._default_manager.all()
            return ModelChoiceFilter(field_name=field_name, queryset=queryset)
        return CharFilter(field_name=field_name, lookup_expr=lookup_expr)

    def __init__(self, data=None, queryset=None, *, request=None, prefix=None):
        if queryset is None:
            queryset = self._meta.model._default_manager.all()
        self.is_bound = data is not None
        self.data = data
        self.queryset = queryset
        self.request = request
        self.form_prefix = prefix
        self.filters = self.get_filters()
        for one in self.filters.values():
            one.parent = self
            one.model = queryset.model

    def is_valid(self):
        self.form.is_valid()
        return unknown("whether a filter set is valid")
    @property
    def errors(self):
        return self.form.errors
    def filter_queryset(self, queryset):
        found = queryset
        for one in self.filters.values():
            if unknown("whether the client filters"):
                found = one._apply(queryset)
        return found
    @property
    def qs(self):
        if not hasattr(self, "_qs"):
            qs = self.queryset.all()
            if self.is_bound:
                self.errors
                qs = self.filter_queryset(qs)
            self._qs = qs
        return self._qs
    def get_form_class(self):
        fields = {name: one.field for name, one in self.filters.items()}
        return type("FilterForm", (self._meta.form,), fields)
    @property
    def form(self):
        if not hasattr(self, "_form"):
            self._form = self.get_form_class()(self.data, prefix=self.form_prefix)
        return self._form

class FilterSet(BaseFilterSet):
    pass

def filterset_factory(model, filterset=FilterSet, fields=None):
    base = (filterset.Meta,) if hasattr(filterset, "Meta") else ()
    body = {"model": model}
    if fields is not None:
        body["fields"] = fields
    return type(model.__name__ + "FilterSet", (filterset,), {"Meta": type("Meta", base, body)})
