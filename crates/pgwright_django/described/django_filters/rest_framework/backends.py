from django_filters import filterset

class DjangoFilterBackend:
    filterset_base = filterset.FilterSet
    raise_exception = True

    def get_filterset_class(self, view, queryset=None):
        filterset_class = getattr(view, "filterset_class", None)
        if filterset_class:
            return filterset_class
        fields = getattr(view, "filterset_fields", None)
        if fields and queryset is not None:
            return filterset.filterset_factory(queryset.model, self.filterset_base, fields)
        return None
    def get_filterset_kwargs(self, request, queryset, view):
        return {"data": request.query_params, "queryset": queryset, "request": request}
    def get_filterset(self, request, queryset, view):
        filterset_class = self.get_filterset_class(view, queryset)
        if filterset_class is None:
            return None
        return filterset_class(**self.get_filterset_kwargs(request, queryset, view))
    def filter_queryset(self, request, queryset, view):
        filterset = self.get_filterset(request, queryset, view)
        if filterset is None:
            return queryset
        filterset.is_valid()
        return filterset.qs
