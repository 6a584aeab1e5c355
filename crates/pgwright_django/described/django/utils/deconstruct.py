from _pgwright import identity

def deconstructible(*args, path=None):
    if args:
        return args[0]
    return identity
