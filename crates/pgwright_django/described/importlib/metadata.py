from _pgwright import entry_points as _entry_points, import_module, unknown

class PackageNotFoundError(ImportError):
    pass

class EntryPoint:
    def __init__(self, name, value, group):
        self.name = name
        self.value = value
        self.group = group

    @property
    def module(self):
        return self.value.split(":")[0]

    @property
    def module_name(self):
        return self.value.split(":")[0]

    @property
    def attr(self):
        return self.value.split(":")[1]

    def load(self):
        module = import_module(self.module)
        if ":" in self.value:
            return getattr(module, self.attr)
        return module

def entry_points(group=None, **params):
    if group is None:
        return unknown("entry points of every group")
    return _entry_points(group)

def version(name):
    return unknown("the version of an installed package")
