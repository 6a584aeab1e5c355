from _pgwright import unknown
from django.http.request import HttpRequest, QueryDict

class Empty:
    pass

class Request(HttpRequest):
    data = unknown("what the client sends")
    auth = unknown("how a request is authenticated")
    successful_authenticator = unknown("how a request is authenticated")
    def __init__(self, request=None, parsers=None, authenticators=None, negotiator=None, parser_context=None):
        pass
    def _parse_parameters(self):
        self.query_params = QueryDict()
    @property
    def _request(self):
        return self
