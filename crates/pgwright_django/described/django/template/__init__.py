from django.template.base import Node, NodeList, Origin, Parser, Template, Token, TokenType, Variable
from django.template.base import VariableDoesNotExist
from django.template.context import Context, ContextPopException, RequestContext
from django.template.exceptions import TemplateDoesNotExist, TemplateSyntaxError
from django.template.library import Library
from django.template.engine import Engine, engines
