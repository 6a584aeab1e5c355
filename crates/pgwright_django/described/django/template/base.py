from _pgwright import render_body, render_source, render_template, resolve_expression, split_contents, unknown
from django.template.context import make_context
from django.template.exceptions import TemplateSyntaxError

class VariableDoesNotExist(Exception):
    pass

class Origin:
    pass

class TokenType:
    TEXT = 0
    VAR = 1
    BLOCK = 2
    COMMENT = 3

class Template:
    """By its source, or by its name as loaders give it."""

    def __init__(self, template_string=None, origin=None, name=None, engine=None):
        self.source = template_string
        self.name = name
        self.origin = Origin()
    @property
    def template(self):
        return self
    def render(self, context=None, request=None):
        context = make_context(context, request)
        if self.source is None:
            return render_template(self.name, context)
        return render_source(self.source, context)

class Token:
    lineno = None
    def __init__(self, token_type, contents, position=None, lineno=None):
        self.token_type = token_type
        self.contents = contents
    def split_contents(self):
        return split_contents(self.contents)

class Parser:
    """Where a tag's compile function reads its body: all of it is given to whoever asks first."""

    def __init__(self, nodelist=None):
        self.nodelist = nodelist
        self.tokens = []
        self.libraries = {}
        self.tags = {}
        self.filters = {}
        self.origin = Origin()
    def parse(self, parse_until=None):
        nodelist = self.nodelist
        self.nodelist = NodeList()
        return nodelist
    def next_token(self):
        return Token(TokenType.BLOCK, unknown("a tag"))
    def prepend_token(self, token):
        pass
    def delete_first_token(self):
        pass
    def skip_past(self, endtag):
        pass
    def compile_filter(self, token):
        return FilterExpression(token, self)

class FilterExpression:
    def __init__(self, token, parser=None):
        self.token = token
        self.var = Variable(token)
        self.filters = []
        self.is_var = True
    def resolve(self, context, ignore_failures=False):
        return resolve_expression(self.token, context)

class Variable:
    literal = None
    def __init__(self, var):
        self.var = var
        self.token = var
    def resolve(self, context):
        return resolve_expression(self.var, context)

class Node:
    token = None
    child_nodelists = ("nodelist",)
    def render(self, context):
        return ""
    def render_annotated(self, context):
        return self.render(context)
    def get_nodes_by_type(self, nodetype):
        return unknown("nodes of a template")

class TextNode(Node):
    def __init__(self, s):
        self.s = s
    def render(self, context):
        return self.s

class VariableNode(Node):
    def __init__(self, filter_expression):
        self.filter_expression = filter_expression
    def render(self, context):
        return self.filter_expression.resolve(context)

class NodeList:
    contains_nontext = True
    def __init__(self, nodes=()):
        self.nodes = nodes
    def render(self, context):
        for node in self.nodes:
            node.render(context)
        return render_body(self, context)
    def append(self, node):
        pass
    def insert(self, index, node):
        pass
    def get_nodes_by_type(self, nodetype):
        return unknown("nodes of a template")
    def __iter__(self):
        return unknown("nodes of a template")

def token_kwargs(bits, parser, support_legacy=False):
    kwargs = {}
    for bit in list(bits):
        if "=" in bit:
            name, value = bit.split("=", 1)
            kwargs[name] = parser.compile_filter(value)
    return kwargs

def render_value_in_context(value, context):
    return str(value)
