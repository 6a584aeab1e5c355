from _pgwright import unknown

class NoReverseMatch(Exception):
    pass

class Resolver404(Exception):
    pass

def reverse(viewname, urlconf=None, args=None, kwargs=None, current_app=None, query=None, fragment=None):
    return unknown("a URL")

reverse_lazy = reverse

def resolve_url(to, *args, **kwargs):
    if hasattr(to, "get_absolute_url"):
        return to.get_absolute_url()
    return unknown("a URL")

def get_script_prefix():
    return unknown("a URL")
