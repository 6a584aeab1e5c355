from _pgwright import current_user, unknown
from django.apps import apps as django_apps
from django.conf import settings
from django.utils.module_loading import import_string

SESSION_KEY = "_auth_user_id"
BACKEND_SESSION_KEY = "_auth_user_backend"
HASH_SESSION_KEY = "_auth_user_hash"
REDIRECT_FIELD_NAME = "next"

def get_user_model():
    return django_apps.get_model(settings.AUTH_USER_MODEL, require_ready=False)

def get_backends():
    paths = settings.AUTHENTICATION_BACKENDS
    if not isinstance(paths, (list, tuple)):
        paths = ["django.contrib.auth.backends.ModelBackend"]
    return [load_backend(path) for path in paths]

def load_backend(path):
    return import_string(path)()

def authenticate(request=None, **credentials):
    user = None
    for backend in get_backends():
        user = backend.authenticate(request, **credentials) or user
    return user

def login(request, user, backend=None):
    if user is None:
        user = request.user
    if unknown("whether somebody else is logged in"):
        request.session.flush()
    else:
        request.session.cycle_key()
    request.user = user
    user.last_login = unknown("the time")
    user.save(update_fields=["last_login"])

def logout(request):
    request.session.flush()

def get_user(request):
    return current_user()

def update_session_auth_hash(request, user):
    request.session.cycle_key()

alogin = login
alogout = logout
aauthenticate = authenticate
aget_user = get_user
