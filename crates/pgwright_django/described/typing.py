TYPE_CHECKING = False

def cast(type, value):
    return value

def final(value):
    return value

def overload(function):
    return function

def runtime_checkable(cls):
    return cls

class Generic:
    pass

class Protocol:
    pass

class NamedTuple:
    pass

class TypedDict:
    pass
