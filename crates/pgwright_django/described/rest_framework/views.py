from _pgwright import unknown
from django.views.generic import View
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.settings import api_settings

def get_view_name(view):
    return view.__class__.__name__

def get_view_description(view, html=False):
    return ""

def set_rollback():
    pass

def exception_handler(exc, context):
    return Response()

class APIView(View):
    renderer_classes = ()
    parser_classes = ()
    throttle_classes = ()
    schema = None
    @property
    def authentication_classes(self):
        return api_settings.DEFAULT_AUTHENTICATION_CLASSES
    @property
    def permission_classes(self):
        return api_settings.DEFAULT_PERMISSION_CLASSES

    def _receive(self):
        self.request = Request()
        self.format_kwarg = None
    def _route(self):
        self.action = unknown("the action of a viewset")

    def initialize_request(self, request, *args, **kwargs):
        return Request()
    def initial(self, request, *args, **kwargs):
        self.perform_authentication(request)
        self.check_permissions(request)
        self.check_throttles(request)
    def perform_authentication(self, request):
        for authenticator in self.get_authenticators():
            authenticator.authenticate(request)
    def get_authenticators(self):
        return [auth() for auth in self.authentication_classes]
    def get_permissions(self):
        return [permission() for permission in self.permission_classes]
    def get_throttles(self):
        return [throttle() for throttle in self.throttle_classes]
    def check_permissions(self, request):
        for permission in self.get_permissions():
            permission.has_permission(request, self)
    def check_object_permissions(self, request, obj):
        for permission in self.get_permissions():
            permission.has_object_permission(request, self, obj)
    def check_throttles(self, request):
        pass
    def permission_denied(self, request, message=None, code=None):
        pass
    def handle_exception(self, exc):
        return Response()
    def get_parser_context(self, http_request):
        return {}
    def get_renderer_context(self):
        return {}
    def finalize_response(self, request, response, *args, **kwargs):
        return response

    def dispatch(self, request, *args, **kwargs):
        request = self.initialize_request(request)
        self.initial(request, *args, **kwargs)
        return super().dispatch(request, *args, **kwargs)
