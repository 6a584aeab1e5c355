from _pgwright import is_class, unknown
from rest_framework import mixins, views
from rest_framework.settings import api_settings

def get_object_or_404(queryset, *args, **kwargs):
    if is_class(queryset):
        queryset = queryset._default_manager.all()
    return queryset.get(*args, **kwargs)

class GenericAPIView(views.APIView):
    queryset = None
    serializer_class = None
    lookup_field = "pk"
    lookup_url_kwarg = None
    _paginator = None
    @property
    def filter_backends(self):
        return api_settings.DEFAULT_FILTER_BACKENDS
    @property
    def pagination_class(self):
        return api_settings.DEFAULT_PAGINATION_CLASS

    def get_queryset(self):
        return self.queryset.all()
    def get_object(self):
        queryset = self.filter_queryset(self.get_queryset())
        obj = get_object_or_404(queryset, **{self.lookup_field: unknown("a key of the URL")})
        self.check_object_permissions(self.request, obj)
        return obj
    def get_serializer(self, *args, **kwargs):
        serializer_class = self.get_serializer_class()
        kwargs.setdefault("context", self.get_serializer_context())
        return serializer_class(*args, **kwargs)
    def get_serializer_class(self):
        return self.serializer_class
    def get_serializer_context(self):
        return {"request": self.request, "view": self, "format": None}
    def filter_queryset(self, queryset):
        for backend in self.filter_backends:
            queryset = backend().filter_queryset(self.request, queryset, self)
        return queryset
    @property
    def paginator(self):
        if self._paginator is None and self.pagination_class is not None:
            self._paginator = self.pagination_class()
        return self._paginator
    def paginate_queryset(self, queryset):
        paginator = self.paginator
        if paginator is None:
            return None
        if hasattr(paginator, "paginate_queryset"):
            return paginator.paginate_queryset(queryset, self.request, view=self)
        if not isinstance(queryset, (list, tuple)):
            queryset.count()
        page = list(queryset[unknown("where a page begins"):unknown("where a page ends")])
        return page if unknown("whether results are paginated") else None
    def get_paginated_response(self, data):
        return self.paginator.get_paginated_response(data)

class CreateAPIView(mixins.CreateModelMixin, GenericAPIView):
    def post(self, request, *args, **kwargs):
        return self.create(request, *args, **kwargs)
class ListAPIView(mixins.ListModelMixin, GenericAPIView):
    def get(self, request, *args, **kwargs):
        return self.list(request, *args, **kwargs)
class RetrieveAPIView(mixins.RetrieveModelMixin, GenericAPIView):
    def get(self, request, *args, **kwargs):
        return self.retrieve(request, *args, **kwargs)
class DestroyAPIView(mixins.DestroyModelMixin, GenericAPIView):
    def delete(self, request, *args, **kwargs):
        return self.destroy(request, *args, **kwargs)
class UpdateAPIView(mixins.UpdateModelMixin, GenericAPIView):
    def put(self, request, *args, **kwargs):
        return self.update(request, *args, **kwargs)
    def patch(self, request, *args, **kwargs):
        return self.partial_update(request, *args, **kwargs)
class ListCreateAPIView(ListAPIView, CreateAPIView):
    pass
class RetrieveUpdateAPIView(RetrieveAPIView, UpdateAPIView):
    pass
class RetrieveDestroyAPIView(RetrieveAPIView, DestroyAPIView):
    pass
class RetrieveUpdateDestroyAPIView(RetrieveAPIView, UpdateAPIView, DestroyAPIView):
    pass
