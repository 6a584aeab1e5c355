from _pgwright import multiplies, unknown
from django.db import models
from rest_framework.settings import api_settings

class BaseFilterBackend:
    def filter_queryset(self, request, queryset, view):
        return queryset

class SearchFilter(BaseFilterBackend):
    """Where a client searches, it is for one word."""

    search_param = "search"
    lookup_prefixes = {"^": "istartswith", "=": "iexact", "@": "search", "$": "iregex"}

    def get_search_fields(self, view, request):
        return getattr(view, "search_fields", None)
    def get_search_terms(self, request):
        return unknown("what the client searches")
    def construct_search(self, field_name, queryset=None):
        if field_name[0] in self.lookup_prefixes:
            return field_name[1:] + "__" + self.lookup_prefixes[field_name[0]]
        return field_name + "__icontains"
    def must_call_distinct(self, queryset, search_fields):
        for name in search_fields:
            if multiplies(queryset, name[1:] if name[0] in self.lookup_prefixes else name):
                return True
        return False
    def filter_queryset(self, request, queryset, view):
        search_fields = self.get_search_fields(view, request)
        if not search_fields or not self.get_search_terms(request):
            return queryset
        condition = None
        for name in search_fields:
            part = models.Q(**{self.construct_search(name, queryset): unknown("what the client searches")})
            condition = part if condition is None else condition | part
        found = queryset.filter(condition)
        if self.must_call_distinct(queryset, search_fields):
            found = queryset.filter(models.Exists(found.filter(pk=models.OuterRef("pk"))))
        return found

class OrderingFilter(BaseFilterBackend):
    """Of the fields that a client may combine each is seen alone."""

    ordering_param = "ordering"
    ordering_fields = None

    def get_ordering(self, request, queryset, view):
        return self.get_default_ordering(view)
    def get_default_ordering(self, view):
        ordering = getattr(view, "ordering", None)
        return (ordering,) if isinstance(ordering, str) else ordering
    def get_valid_fields(self, queryset, view, context={}):
        fields = getattr(view, "ordering_fields", self.ordering_fields)
        return [(name, name) for name in fields] if isinstance(fields, (list, tuple)) else []
    def remove_invalid_fields(self, queryset, fields, view, request):
        return fields
    def filter_queryset(self, request, queryset, view):
        ordering = self.get_ordering(request, queryset, view)
        found = queryset.order_by(*ordering) if ordering else queryset
        for name, label in self.get_valid_fields(queryset, view):
            if unknown("what the client orders by"):
                found = queryset.order_by(name)
            elif unknown("what the client orders by"):
                found = queryset.order_by("-" + name)
        return found
