from os import path as _path
from _pgwright import unknown

class PurePath:
    def __init__(self, *parts):
        texts = [str(part) for part in parts]
        self.text = _path.join(*texts) if texts else "."

    def __str__(self):
        return self.text

    def __truediv__(self, other):
        return Path(_path.join(self.text, str(other)))

    @property
    def parent(self):
        return Path(_path.dirname(self.text))

    @property
    def parents(self):
        found = []
        current = self.text
        for _ in range(12):
            current = _path.dirname(current)
            found.append(Path(current))
        return found

    @property
    def name(self):
        return _path.basename(self.text)

    @property
    def stem(self):
        return _path.splitext(self.name)[0]

    def joinpath(self, *parts):
        return Path(self.text, *parts)

    def as_posix(self):
        return self.text

class Path(PurePath):
    def resolve(self, strict=False):
        return self

    def absolute(self):
        return self

    def exists(self):
        return unknown("whether a file exists")

    def is_file(self):
        return unknown("whether a file exists")

    def is_dir(self):
        return unknown("whether a folder exists")

    def mkdir(self, *args, **kwargs):
        return None
