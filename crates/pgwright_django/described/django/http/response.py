class BadHeaderError(ValueError):
    pass

class Http404(Exception):
    pass

class HttpResponseBase:
    status_code = 200
    def __init__(self, *args, **kwargs):
        pass
    def __setitem__(self, header, value):
        pass
    def set_cookie(self, *args, **kwargs):
        pass
    def delete_cookie(self, *args, **kwargs):
        pass
    def has_header(self, header):
        return False
    def render(self):
        return self

class HttpResponse(HttpResponseBase):
    def __init__(self, content=b"", *args, **kwargs):
        self.content = content
    def write(self, content):
        pass

class StreamingHttpResponse(HttpResponseBase):
    def __init__(self, streaming_content=(), *args, **kwargs):
        self.streaming_content = list(streaming_content)

class FileResponse(StreamingHttpResponse):
    def __init__(self, *args, **kwargs):
        pass

class HttpResponseRedirectBase(HttpResponse):
    status_code = 302
    def __init__(self, redirect_to, *args, **kwargs):
        self.url = redirect_to

class HttpResponseRedirect(HttpResponseRedirectBase):
    pass
class HttpResponsePermanentRedirect(HttpResponseRedirectBase):
    status_code = 301
class HttpResponseNotModified(HttpResponse):
    status_code = 304
class HttpResponseBadRequest(HttpResponse):
    status_code = 400
class HttpResponseNotFound(HttpResponse):
    status_code = 404
class HttpResponseForbidden(HttpResponse):
    status_code = 403
class HttpResponseNotAllowed(HttpResponse):
    status_code = 405
class HttpResponseGone(HttpResponse):
    status_code = 410
class HttpResponseServerError(HttpResponse):
    status_code = 500

class JsonResponse(HttpResponse):
    def __init__(self, data, *args, **kwargs):
        self.content = data
