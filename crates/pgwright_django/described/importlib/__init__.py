from _pgwright import import_module

def reload(module):
    return module
