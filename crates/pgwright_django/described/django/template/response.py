from django.http import HttpResponse

class ContentNotRenderedError(Exception):
    pass

class SimpleTemplateResponse(HttpResponse):
    def __init__(self, template=None, context=None, *args, **kwargs):
        self.template_name = template
        self.context_data = context
    def render(self):
        return self
    def add_post_render_callback(self, callback):
        callback(self)

class TemplateResponse(SimpleTemplateResponse):
    def __init__(self, request, template=None, context=None, *args, **kwargs):
        self._request = request
        self.template_name = template
        self.context_data = context
