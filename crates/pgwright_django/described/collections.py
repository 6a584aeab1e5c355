def OrderedDict(*args, **kwargs):
    return dict(*args, **kwargs)

def defaultdict(factory=None, *args, **kwargs):
    return dict(*args, **kwargs)

class ChainMap:
    pass

class UserDict:
    pass
