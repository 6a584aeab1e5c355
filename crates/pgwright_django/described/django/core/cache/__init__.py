from _pgwright import unknown

DEFAULT_CACHE_ALIAS = "default"

class BaseCache:
    def get(self, key, default=None, version=None):
        if unknown("whether a value is cached"):
            return unknown("a cached value")
        return default
    def get_or_set(self, key, default, timeout=None, version=None):
        if callable(default):
            return default()
        return default
    def get_many(self, keys, version=None):
        return {unknown("a key"): unknown("a cached value")}
    def set(self, key, value, timeout=None, version=None):
        pass
    def add(self, key, value, timeout=None, version=None):
        return unknown("whether a value was cached")
    def set_many(self, data, timeout=None, version=None):
        return []
    def delete(self, key, version=None):
        return unknown("whether a value was cached")
    def delete_many(self, keys, version=None):
        pass
    def clear(self):
        pass
    def touch(self, key, timeout=None, version=None):
        return unknown("whether a value is cached")
    def has_key(self, key, version=None):
        return unknown("whether a value is cached")
    def __contains__(self, key):
        return unknown("whether a value is cached")
    def incr(self, key, delta=1, version=None):
        return unknown("a cached value")
    def decr(self, key, delta=1, version=None):
        return unknown("a cached value")

class CacheHandler:
    def __getitem__(self, alias):
        return cache

caches = CacheHandler()
cache = BaseCache()
