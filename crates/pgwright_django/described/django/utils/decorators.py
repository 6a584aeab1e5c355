from _pgwright import identity

classonlymethod = classmethod

def method_decorator(decorator, name=""):
    return identity
