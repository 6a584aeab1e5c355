from _pgwright import unknown

def stringfilter(func):
    return func

def length(value):
    return len(value)
def length_is(value, arg):
    return len(value) == arg
def first(value):
    return value[0]
def last(value):
    return value[-1]
def random(value):
    return list(value)[0]
def join(value, arg, autoescape=True):
    for item in value:
        str(item)
    return unknown("a text")
def unordered_list(value, autoescape=True):
    return join(value, "")
def make_list(value):
    return list(value)
def slice_filter(value, arg):
    bounds = [int(bit) if bit else None for bit in str(arg).split(":")]
    if len(bounds) == 1:
        return value[:bounds[0]]
    return value[bounds[0]:bounds[1]]
def default(value, arg):
    return value or arg
def default_if_none(value, arg):
    return arg if value is None else value
def dictsort(value, arg):
    return list(value)
dictsortreversed = dictsort
def safeseq(value):
    return [str(item) for item in value]
escapeseq = safeseq
def yesno(value, arg=None):
    if value:
        return unknown("a text")
    return unknown("a text")
def pluralize(value, arg="s"):
    return unknown("a text")
def add(value, arg):
    return value + arg
def json_script(value, element_id=None):
    return unknown("a text")

def slugify(value, allow_unicode=False):
    return unknown("a text")
def _text(value, *args):
    return unknown("a text")
date = time = timesince = timeuntil = floatformat = filesizeformat = linebreaks = linebreaksbr = _text
striptags = truncatechars = truncatewords = truncatechars_html = truncatewords_html = title = capfirst = _text
escape = force_escape = escapejs = urlize = upper = lower = addslashes = wordwrap = stringformat = _text
urlencode = phone2numeric = pprint = linenumbers = cut = center = ljust = rjust = iriencode = _text
