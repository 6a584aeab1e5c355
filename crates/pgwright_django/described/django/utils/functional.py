from _pgwright import cached_property, identity

def lazy(function, *result_classes):
    return function

def lazystr(text):
    return text

def keep_lazy(*result_classes):
    return identity

def keep_lazy_text(function):
    return function

class classproperty:
    def __init__(self, method=None):
        self.fget = method

class SimpleLazyObject:
    def __new__(cls, function):
        return function()

class LazyObject:
    pass

class Promise:
    pass
