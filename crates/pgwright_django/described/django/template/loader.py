from _pgwright import render_template
from django.template.base import Template
from django.template.context import make_context
from django.template.exceptions import TemplateDoesNotExist, TemplateSyntaxError

def get_template(template_name, using=None):
    return Template(name=template_name)

def select_template(template_name_list, using=None):
    return Template(name=template_name_list)

def render_to_string(template_name, context=None, request=None, using=None):
    return render_template(template_name, make_context(context, request))
