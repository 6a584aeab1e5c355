def or_(left, right):
    return left | right

def and_(left, right):
    return left & right

def itemgetter(*keys):
    def get(value):
        if len(keys) == 1:
            return value[keys[0]]
        return tuple(value[key] for key in keys)
    return get

def attrgetter(name):
    def get(value):
        return getattr(value, name)
    return get
