class ABCMeta(type):
    pass

class ABC:
    pass

def abstractmethod(function):
    return function
