from os import path
from _pgwright import unknown

sep = "/"
linesep = "\n"
name = "posix"

class _Environ:
    """The environment of production is not known; a default is what the author expects without it."""

    def get(self, key, default=None):
        if default is None:
            return unknown("an environment variable")
        return default

    def setdefault(self, key, default=None):
        return default

    def __getitem__(self, key):
        return unknown("an environment variable")

    def __contains__(self, key):
        return unknown("an environment variable")

    def pop(self, key, default=None):
        return self.get(key, default)

environ = _Environ()

def getenv(key, default=None):
    return environ.get(key, default)

def getcwd():
    return unknown("the working directory")
