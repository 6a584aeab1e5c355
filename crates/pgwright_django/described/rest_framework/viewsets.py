from rest_framework import generics, mixins, views

class ViewSetMixin:
    _entries = ("list", "create", "retrieve", "update", "partial_update", "destroy", "initial")

    @classmethod
    def as_view(cls, actions=None, **initkwargs):
        def view(request, *args, **kwargs):
            self = cls(**initkwargs)
            return self.dispatch(request, *args, **kwargs)
        view.cls = cls
        view.actions = actions
        return view
    @classmethod
    def get_extra_actions(cls):
        return []
    def initialize_request(self, request, *args, **kwargs):
        return super().initialize_request(request, *args, **kwargs)
    def reverse_action(self, url_name, *args, **kwargs):
        return ""

class ViewSet(ViewSetMixin, views.APIView):
    pass
class GenericViewSet(ViewSetMixin, generics.GenericAPIView):
    pass
class ReadOnlyModelViewSet(mixins.RetrieveModelMixin, mixins.ListModelMixin, GenericViewSet):
    pass
class ModelViewSet(mixins.CreateModelMixin, mixins.RetrieveModelMixin, mixins.UpdateModelMixin, mixins.DestroyModelMixin,
                   mixins.ListModelMixin, GenericViewSet):
    pass
