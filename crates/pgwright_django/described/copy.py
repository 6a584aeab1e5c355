def copy(value):
    if isinstance(value, (list, dict, set)):
        return value.copy()
    return value

def deepcopy(value, memo=None):
    if isinstance(value, (list, dict, set)):
        return value.copy()
    return value
