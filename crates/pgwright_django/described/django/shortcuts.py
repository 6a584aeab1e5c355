from _pgwright import is_class, is_known, run
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import resolve_url

def _queryset(klass):
    if is_class(klass):
        return klass._default_manager.all()
    return klass

def get_object_or_404(klass, *args, **kwargs):
    if not is_known(klass):
        return run(klass, "get")
    return _queryset(klass).get(*args, **kwargs)

def get_list_or_404(klass, *args, **kwargs):
    if not is_known(klass):
        return run(klass, "iterate")
    return list(_queryset(klass).filter(*args, **kwargs))

aget_object_or_404 = get_object_or_404
aget_list_or_404 = get_list_or_404

def render(request, template_name, context=None, content_type=None, status=None, using=None):
    return HttpResponse(render_to_string(template_name, context, request))

def redirect(to, *args, **kwargs):
    return HttpResponseRedirect(resolve_url(to, *args))
