from _pgwright import import_module

def import_string(path):
    module, _, name = path.rpartition(".")
    return getattr(import_module(module), name)

def autodiscover_modules(*args, **kwargs):
    return None
