from _pgwright import unknown

class LazySettings:
    def is_overridden(self, name):
        return unknown("whether a setting is overridden")

    def __getattr__(self, name):
        if name in _absent:
            raise AttributeError(name)
        return unknown("the setting " + name)

    @property
    def configured(self):
        return True

_absent = set()
settings = LazySettings()
