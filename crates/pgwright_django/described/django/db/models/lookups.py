from django.db.models.expressions import Expression, Func

class Lookup(Expression):
    pass

class Transform(Func):
    pass

class BuiltinLookup(Lookup):
    pass

class FieldGetDbPrepValueMixin:
    pass

class PatternLookup(BuiltinLookup):
    pass

class Exact(BuiltinLookup):
    pass

class IExact(BuiltinLookup):
    pass

class GreaterThan(BuiltinLookup):
    pass

class GreaterThanOrEqual(BuiltinLookup):
    pass

class LessThan(BuiltinLookup):
    pass

class LessThanOrEqual(BuiltinLookup):
    pass

class In(BuiltinLookup):
    pass

class Contains(BuiltinLookup):
    pass

class IContains(BuiltinLookup):
    pass

class StartsWith(BuiltinLookup):
    pass

class IStartsWith(BuiltinLookup):
    pass

class EndsWith(BuiltinLookup):
    pass

class IEndsWith(BuiltinLookup):
    pass

class Range(BuiltinLookup):
    pass

class IsNull(BuiltinLookup):
    pass

class Regex(BuiltinLookup):
    pass

class IRegex(BuiltinLookup):
    pass
