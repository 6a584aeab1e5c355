from os import path
from _pgwright import unknown

sep = "/"
linesep = "\n"
name = "posix"

class _Environ:
    """An environment in which nothing is set: settings take the way their author wrote for that."""

    def get(self, key, default=None):
        return default

    def setdefault(self, key, default=None):
        return default

    def __getitem__(self, key):
        return unknown("the environment variable " + key)

    def __contains__(self, key):
        return False

    def pop(self, key, default=None):
        return default

environ = _Environ()

def getenv(key, default=None):
    return environ.get(key, default)

def getcwd():
    return unknown("the working directory")
