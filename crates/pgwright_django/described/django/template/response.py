from _pgwright import render_template
from django.http import HttpResponse
from django.template.context import make_context

class ContentNotRenderedError(Exception):
    pass

class SimpleTemplateResponse(HttpResponse):
    _request = None
    is_rendered = False
    def __init__(self, template=None, context=None, *args, **kwargs):
        self.template_name = template
        self.context_data = context
    def resolve_template(self, template):
        return template
    def resolve_context(self, context):
        return context
    @property
    def rendered_content(self):
        context = make_context(self.resolve_context(self.context_data), self._request)
        return render_template(self.resolve_template(self.template_name), context)
    def render(self):
        if not self.is_rendered:
            self.is_rendered = True
            self.content = self.rendered_content
        return self
    def add_post_render_callback(self, callback):
        callback(self)

class TemplateResponse(SimpleTemplateResponse):
    def __init__(self, request, template=None, context=None, *args, **kwargs):
        super().__init__(template, context)
        self._request = request
