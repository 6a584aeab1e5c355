class Choices:
    """Pairs of stored value and label, from strings, pairs, triples with a Python name between them, and groups of those."""

    def __init__(self, *choices):
        self._doubles = []
        self._display_map = {}
        self._identifier_map = {}
        for choice in choices:
            self._doubles.append(self._double(choice))

    def _double(self, choice):
        if not isinstance(choice, (list, tuple)):
            self._keep(choice, choice, choice)
            return (choice, choice)
        if len(choice) == 3:
            self._keep(choice[0], choice[1], choice[2])
            return (choice[0], choice[2])
        if isinstance(choice[1], (list, tuple)):
            group = [self._double(inner) for inner in choice[1]]
            return (choice[0], group)
        self._keep(choice[0], choice[0], choice[1])
        return (choice[0], choice[1])

    def _keep(self, value, name, label):
        self._display_map[value] = label
        self._identifier_map[name] = value
        if isinstance(name, str):
            setattr(self, name, value)

    def __iter__(self):
        return iter(self._doubles)

    def __len__(self):
        return len(self._doubles)

    def __getitem__(self, key):
        return self._display_map[key]

    def __contains__(self, item):
        return item in self._display_map

    def __add__(self, other):
        if isinstance(other, Choices):
            other = other._doubles
        return Choices(*self._doubles, *other)

    def subset(self, *names):
        return Choices(*[(self._identifier_map[name], name, self._display_map[self._identifier_map[name]]) for name in names])
