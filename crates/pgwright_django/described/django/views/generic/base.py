from _pgwright import unknown
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse

class ContextMixin:
    extra_context = None
    def get_context_data(self, **kwargs):
        kwargs.setdefault("view", self)
        if self.extra_context is not None:
            kwargs.update(self.extra_context)
        return kwargs

class View:
    _entries = ("dispatch",)
    http_method_names = ["get", "post", "put", "patch", "delete", "head", "options", "trace"]

    def __init__(self, **kwargs):
        for key, value in kwargs.items():
            setattr(self, key, value)

    @classmethod
    def as_view(cls, **initkwargs):
        def view(request, *args, **kwargs):
            self = cls(**initkwargs)
            self.setup(request, *args, **kwargs)
            return self.dispatch(request, *args, **kwargs)
        view.view_class = cls
        view.view_initkwargs = initkwargs
        return view

    def setup(self, request, *args, **kwargs):
        self.request = request
        self.args = args or unknown("arguments of the URL")
        self.kwargs = kwargs or unknown("arguments of the URL")

    def dispatch(self, request, *args, **kwargs):
        response = HttpResponse()
        if unknown("the method of a request"):
            response = self.get(request, *args, **kwargs)
        elif unknown("the method of a request"):
            response = self.post(request, *args, **kwargs)
        elif unknown("the method of a request"):
            response = self.put(request, *args, **kwargs)
        elif unknown("the method of a request"):
            response = self.patch(request, *args, **kwargs)
        elif unknown("the method of a request"):
            response = self.delete(request, *args, **kwargs)
        return response

    def http_method_not_allowed(self, request, *args, **kwargs):
        return HttpResponse()
    def options(self, request, *args, **kwargs):
        return HttpResponse()

class TemplateResponseMixin:
    template_name = None
    template_engine = None
    response_class = TemplateResponse
    content_type = None
    def render_to_response(self, context, **response_kwargs):
        return self.response_class(self.request, self.get_template_names(), context)
    def get_template_names(self):
        return [] if self.template_name is None else [self.template_name]

class TemplateView(TemplateResponseMixin, ContextMixin, View):
    def get(self, request, *args, **kwargs):
        return self.render_to_response(self.get_context_data(**kwargs))

class RedirectView(View):
    permanent = False
    url = None
    pattern_name = None
    query_string = False
    def get_redirect_url(self, *args, **kwargs):
        return self.url or unknown("a URL")
    def get(self, request, *args, **kwargs):
        return HttpResponseRedirect(self.get_redirect_url(*args, **kwargs))
    def post(self, request, *args, **kwargs):
        return self.get(request, *args, **kwargs)
