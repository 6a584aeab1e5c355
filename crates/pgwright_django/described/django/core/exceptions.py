class FieldDoesNotExist(Exception):
    pass

class AppRegistryNotReady(Exception):
    pass

class ObjectDoesNotExist(Exception):
    pass

class MultipleObjectsReturned(Exception):
    pass

class SuspiciousOperation(Exception):
    pass

class PermissionDenied(Exception):
    pass

class ImproperlyConfigured(Exception):
    pass

class FieldError(Exception):
    pass

class ValidationError(Exception):
    pass

class EmptyResultSet(Exception):
    pass
