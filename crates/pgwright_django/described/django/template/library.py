class InvalidTemplateLibrary(Exception):
    pass

class Library:
    """Tags and filters by name; what a tag is says the first of its entry's items, a bare function being one that compiles."""

    def __init__(self):
        self.filters = {}
        self.tags = {}

    def tag(self, name=None, compile_function=None):
        if name is None and compile_function is None:
            return self.tag_function
        if compile_function is None:
            if callable(name):
                return self.tag_function(name)
            def dec(func):
                return self.tag(name, func)
            return dec
        self.tags[name] = compile_function
        return compile_function
    def tag_function(self, func):
        self.tags[func.__name__] = func
        return func

    def filter(self, name=None, filter_func=None, **flags):
        if name is None and filter_func is None:
            def dec(func):
                return self.filter_function(func, **flags)
            return dec
        if filter_func is None:
            if callable(name):
                return self.filter_function(name, **flags)
            def dec(func):
                return self.filter(name, func, **flags)
            return dec
        self.filters[name] = filter_func
        return filter_func
    def filter_function(self, func, **flags):
        return self.filter(func.__name__, func, **flags)

    def simple_tag(self, func=None, takes_context=None, name=None):
        def dec(func):
            self.tags[name or func.__name__] = ("simple", func, takes_context)
            return func
        if func is None:
            return dec
        return dec(func)

    def simple_block_tag(self, func=None, takes_context=None, name=None, end_name=None):
        def dec(func):
            self.tags[name or func.__name__] = ("simple_block", func, takes_context)
            return func
        if func is None:
            return dec
        return dec(func)

    def inclusion_tag(self, filename, func=None, takes_context=None, name=None):
        def dec(func):
            self.tags[name or func.__name__] = ("inclusion", func, takes_context, filename)
            return func
        if func is None:
            return dec
        return dec(func)
