from django.http.request import HttpRequest, QueryDict, RawPostDataException, UnreadablePostError
from django.http.response import (
    BadHeaderError, FileResponse, Http404, HttpResponse, HttpResponseBadRequest, HttpResponseForbidden, HttpResponseGone,
    HttpResponseNotAllowed, HttpResponseNotFound, HttpResponseNotModified, HttpResponsePermanentRedirect,
    HttpResponseRedirect, HttpResponseServerError, JsonResponse, StreamingHttpResponse,
)
