from _pgwright import unknown

class CreateError(Exception):
    pass

class UpdateError(Exception):
    pass

class SessionBase:
    """A session in the database where no other engine is configured; its load belongs to the middleware."""

    modified = False
    accessed = True
    session_key = unknown("a session's key")

    def __init__(self, session_key=None):
        pass
    def __getitem__(self, key):
        return unknown("a value of the session")
    def __setitem__(self, key, value):
        pass
    def __contains__(self, key):
        return unknown("whether the session holds a value")
    def get(self, key, default=None):
        if unknown("whether the session holds a value"):
            return unknown("a value of the session")
        return default
    def pop(self, key, *default):
        return unknown("a value of the session")
    def setdefault(self, key, value):
        return value
    def update(self, values):
        pass
    def keys(self):
        return unknown("names in the session")
    def items(self):
        return unknown("what the session holds")
    def set_expiry(self, value):
        pass
    def get_expiry_age(self, **kwargs):
        return unknown("an age")
    def get_expiry_date(self, **kwargs):
        return unknown("a date")
    def get_expire_at_browser_close(self):
        return unknown("when the session ends")
    def is_empty(self):
        return unknown("whether the session is empty")
    def clear(self):
        pass
    def has_key(self, key):
        return unknown("whether the session holds a value")

    def _store(self):
        from django.contrib.sessions.backends.db import SessionStore
        return SessionStore()
    def flush(self):
        self._store().delete()
    def cycle_key(self):
        store = self._store()
        store.create()
        store.delete()
    def create(self):
        self._store().create()
    def save(self, must_create=False):
        self._store().save(must_create)
    def delete(self, session_key=None):
        self._store().delete()
    def exists(self, session_key):
        return self._store().exists(session_key)
    def load(self):
        return self._store().load()
