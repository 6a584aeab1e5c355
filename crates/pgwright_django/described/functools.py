from _pgwright import cached_property, identity, unknown

class partial:
    def __init__(self, func, *args, **keywords):
        self.func = func
        self.args = args
        self.keywords = keywords

    def __call__(self, *args, **keywords):
        return self.func(*self.args, *args, **{**self.keywords, **keywords})

def wraps(wrapped, *args, **kwargs):
    return identity

def lru_cache(maxsize=128, typed=False):
    if callable(maxsize):
        return maxsize
    return identity

def cache(function):
    return function

def total_ordering(cls):
    return cls

def reduce(function, sequence, *initial):
    items = list(sequence)
    if initial:
        result = initial[0]
    else:
        result = items[0]
        items = items[1:]
    for item in items:
        result = function(result, item)
    return result

def singledispatch(function):
    return function
