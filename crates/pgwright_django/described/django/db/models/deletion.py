class ProtectedError(Exception):
    pass

class RestrictedError(Exception):
    pass

def CASCADE(collector, field, sub_objs, using):
    pass

def PROTECT(collector, field, sub_objs, using):
    pass

def RESTRICT(collector, field, sub_objs, using):
    pass

def SET(value):
    def set_on_delete(collector, field, sub_objs, using):
        pass
    return set_on_delete

def SET_NULL(collector, field, sub_objs, using):
    pass

def SET_DEFAULT(collector, field, sub_objs, using):
    pass

def DO_NOTHING(collector, field, sub_objs, using):
    pass

class DatabaseOnDelete:
    def __init__(self, operation, name):
        self.operation = operation
        self.__name__ = name

DB_CASCADE = DatabaseOnDelete("CASCADE", "DB_CASCADE")
DB_SET_NULL = DatabaseOnDelete("SET NULL", "DB_SET_NULL")
DB_SET_DEFAULT = DatabaseOnDelete("SET DEFAULT", "DB_SET_DEFAULT")
