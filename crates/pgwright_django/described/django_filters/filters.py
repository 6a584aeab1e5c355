from _pgwright import is_known, made_with, summon, unknown
from django import forms
from django.db.models import Q

class Filter:
    field_class = forms.Field
    parent = None

    def __init__(self, field_name=None, lookup_expr=None, *, label=None, method=None, distinct=False, exclude=False, **kwargs):
        self.field_name = field_name
        self.lookup_expr = lookup_expr or "exact"
        self.label = label
        self.method = method
        self.distinct = distinct
        self.exclude = exclude
        self.extra = kwargs
        self.extra.setdefault("required", False)
    def get_method(self, qs):
        return qs.exclude if self.exclude else qs.filter
    @property
    def field(self):
        if not hasattr(self, "_field"):
            self._field = self.field_class(label=self.label, **self.extra)
        return self._field
    def _value(self):
        return unknown("what the client filters by")
    def _apply(self, qs):
        if self.method is None:
            return self.filter(qs, self._value())
        method = getattr(self.parent, self.method) if isinstance(self.method, str) else self.method
        return method(qs, self.field_name, self._value())
    def filter(self, qs, value):
        if self.distinct:
            qs = qs.distinct()
        return self.get_method(qs)(**{self.field_name + "__" + self.lookup_expr: value})

class CharFilter(Filter):
    field_class = forms.CharField
class BooleanFilter(Filter):
    field_class = forms.NullBooleanField
class ChoiceFilter(Filter):
    field_class = forms.ChoiceField
class TypedChoiceFilter(Filter):
    field_class = forms.TypedChoiceField
class UUIDFilter(Filter):
    field_class = forms.UUIDField
class MultipleChoiceFilter(Filter):
    """Several values are told apart by `OR`; one stands for them."""

    field_class = forms.MultipleChoiceField
    always_filter = True

    def __init__(self, *args, conjoined=False, **kwargs):
        kwargs.setdefault("distinct", True)
        self.conjoined = conjoined
        super().__init__(*args, **kwargs)
    def _value(self):
        return [unknown("what the client filters by")]
    def is_noop(self, qs, value):
        return False
    def get_filter_predicate(self, v):
        name = self.field_name if self.lookup_expr == "exact" else self.field_name + "__" + self.lookup_expr
        return {name: v}
    def filter(self, qs, value):
        predicate = self.get_filter_predicate(unknown("what the client filters by"))
        qs = self.get_method(qs)(**predicate) if self.conjoined else self.get_method(qs)(Q(**predicate))
        return qs.distinct() if self.distinct else qs
class TypedMultipleChoiceFilter(MultipleChoiceFilter):
    field_class = forms.TypedMultipleChoiceField
class DateFilter(Filter):
    field_class = forms.DateField
class DateTimeFilter(Filter):
    field_class = forms.DateTimeField
class IsoDateTimeFilter(DateTimeFilter):
    pass
class TimeFilter(Filter):
    field_class = forms.TimeField
class DurationFilter(Filter):
    field_class = forms.DurationField
class NumberFilter(Filter):
    field_class = forms.DecimalField

class QuerySetRequestMixin:
    def __init__(self, *args, queryset=None, **kwargs):
        self.queryset = queryset
        super().__init__(*args, **kwargs)
    def get_request(self):
        return getattr(self.parent, "request", None)
    def get_queryset(self, request):
        queryset = self.queryset
        if not is_known(queryset):
            self.queryset = queryset = made_with(self, "queryset")
        if is_known(queryset) and not hasattr(queryset, "_fetch_all"):
            return queryset(request)
        return queryset
    @property
    def field(self):
        if not hasattr(self, "_field"):
            self._field = self.field_class(label=self.label, queryset=self.get_queryset(self.get_request()), required=False)
        return self._field
class ModelChoiceFilter(QuerySetRequestMixin, ChoiceFilter):
    field_class = forms.ModelChoiceField
    def _value(self):
        queryset = self.get_queryset(self.get_request())
        model = getattr(queryset, "model", None)
        return summon(model) if model is not None else unknown("what the client filters by")
class ModelMultipleChoiceFilter(QuerySetRequestMixin, MultipleChoiceFilter):
    field_class = forms.ModelMultipleChoiceField

class RangeFilter(Filter):
    def filter(self, qs, value):
        name = self.field_name
        if unknown("whether a range begins"):
            if unknown("whether a range ends"):
                qs = self.get_method(qs)(**{name + "__range": (unknown("a bound"), unknown("a bound"))})
            else:
                qs = self.get_method(qs)(**{name + "__gte": unknown("a bound")})
        else:
            qs = self.get_method(qs)(**{name + "__lte": unknown("a bound")})
        return qs.distinct() if self.distinct else qs
class NumericRangeFilter(RangeFilter):
    pass
class DateFromToRangeFilter(RangeFilter):
    pass
class DateTimeFromToRangeFilter(RangeFilter):
    pass
class IsoDateTimeFromToRangeFilter(RangeFilter):
    pass
class TimeRangeFilter(RangeFilter):
    pass
class DateRangeFilter(ChoiceFilter):
    def filter(self, qs, value):
        return qs.filter(**{self.field_name + "__year": unknown("a year")})

class BaseCSVFilter(Filter):
    pass
class BaseInFilter(BaseCSVFilter):
    def __init__(self, *args, **kwargs):
        kwargs.setdefault("lookup_expr", "in")
        super().__init__(*args, **kwargs)
class BaseRangeFilter(BaseCSVFilter):
    def __init__(self, *args, **kwargs):
        kwargs.setdefault("lookup_expr", "range")
        super().__init__(*args, **kwargs)
class LookupChoiceFilter(Filter):
    pass
class AllValuesFilter(ChoiceFilter):
    pass
class AllValuesMultipleFilter(MultipleChoiceFilter):
    pass
class OrderingFilter(BaseCSVFilter, ChoiceFilter):
    def __init__(self, *args, fields=None, **kwargs):
        self.fields = fields or {}
        super().__init__(*args, **kwargs)
    def get_ordering_value(self, param):
        return param
    def filter(self, qs, value):
        fields = self.fields
        names = list(fields) if isinstance(fields, dict) else [one if isinstance(one, str) else one[0] for one in fields]
        found = qs
        for name in names:
            if unknown("what the client orders by"):
                found = qs.order_by(name)
        return found
