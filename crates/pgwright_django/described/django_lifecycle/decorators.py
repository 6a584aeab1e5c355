def hook(*args, **kwargs):
    def decorate(function):
        return function
    return decorate
