from _pgwright import handle
from django.conf import settings
from django.http import HttpRequest
from django.utils.module_loading import import_string

def middleware_paths():
    return tuple(settings.MIDDLEWARE)

def pass_through(path):
    """A request on its way through one middleware."""
    import_string(path)(handle)(HttpRequest())
