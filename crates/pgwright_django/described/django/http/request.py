from _pgwright import current_user, unknown
from django.contrib.sessions.backends.base import SessionBase

class RawPostDataException(Exception):
    pass

class UnreadablePostError(OSError):
    pass

class QueryDict:
    def __init__(self, *args, **kwargs):
        pass
    def __getitem__(self, key):
        return unknown("a value the client sends")
    def __contains__(self, key):
        return unknown("whether the client sends a value")
    def get(self, key, default=None):
        if unknown("whether the client sends a value"):
            return unknown("a value the client sends")
        return default
    def getlist(self, key, default=None):
        return [unknown("a value the client sends") for value in unknown("values the client sends")]
    def copy(self):
        return self
    def items(self):
        return [(unknown("a name the client sends"), unknown("a value the client sends")) for value in unknown("values")]
    def keys(self):
        return [unknown("a name the client sends") for value in unknown("values")]
    def values(self):
        return [unknown("a value the client sends") for value in unknown("values")]
    def __iter__(self):
        return self.keys()
    def urlencode(self, safe=None):
        return unknown("a query string")
    def update(self, *args, **kwargs):
        pass
    def setdefault(self, key, default=None):
        return default
    def pop(self, key, *default):
        return unknown("a value the client sends")
    def __setitem__(self, key, value):
        pass

class HttpRequest:
    """What is looked for on a request is set by one of these methods, each standing for a part of the middleware."""

    method = unknown("the method of a request")
    path = unknown("the path of a request")
    path_info = unknown("the path of a request")
    body = unknown("the body of a request")
    content_type = unknown("the type of a request")
    resolver_match = unknown("the view of a request")
    LANGUAGE_CODE = unknown("the language of a request")

    def _authenticate(self):
        self.user = current_user()
    def _open_session(self):
        self.session = SessionBase()
    def _parse_query(self):
        self.GET = QueryDict()
    def _parse_body(self):
        self.POST = QueryDict()
    def _parse_files(self):
        self.FILES = QueryDict()
    def _parse_cookies(self):
        self.COOKIES = unknown("cookies")
    def _read_meta(self):
        self.META = unknown("the environment of a request")
        self.headers = unknown("the headers of a request")

    def get_host(self):
        return unknown("the host of a request")
    def get_port(self):
        return unknown("the port of a request")
    def get_full_path(self, force_append_slash=False):
        return unknown("the path of a request")
    def build_absolute_uri(self, location=None):
        return unknown("a URL")
    def get_signed_cookie(self, *args, **kwargs):
        return unknown("a cookie")
    def is_secure(self):
        return unknown("whether a request is encrypted")
    async def auser(self):
        return self.user
