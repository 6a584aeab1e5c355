from _pgwright import assumed

# Whether a scope is active, where the code that runs says so.
_state = {"enabled": None}

def is_said():
    return _state["enabled"] is not None

def is_enabled():
    if not is_said():
        # The package demands a scope of its callers.
        return assumed("django_scopes: a scope is active")
    return _state["enabled"]

class _Scopes:
    def __init__(self, enabled):
        self.enabled = enabled
        self.before = None
    def __enter__(self):
        self.before = _state["enabled"]
        _state["enabled"] = self.enabled
    def __exit__(self, *args):
        _state["enabled"] = self.before
    def __call__(self, function):
        def inner(*args, **kwargs):
            with self:
                return function(*args, **kwargs)
        return inner

def scope(**scopes):
    return _Scopes(scopes.get("_enabled", True))

def scopes_disabled():
    return _Scopes(False)

def get_scope():
    return {"_enabled": is_enabled()}
