class Combination:
    """An operator applied to expressions; what pgwright calls `Combined`."""

    def __init__(self, operator, left, right):
        self.operator = operator
        self.left = left
        self.right = right

class Combinable:
    def __add__(self, other):
        return CombinedExpression("+", self, other)
    def __sub__(self, other):
        return CombinedExpression("-", self, other)
    def __mul__(self, other):
        return CombinedExpression("*", self, other)
    def __truediv__(self, other):
        return CombinedExpression("/", self, other)
    def __mod__(self, other):
        return CombinedExpression("%", self, other)
    def __pow__(self, other):
        return CombinedExpression("**", self, other)
    def __radd__(self, other):
        return CombinedExpression("+", other, self)
    def __rsub__(self, other):
        return CombinedExpression("-", other, self)
    def __rmul__(self, other):
        return CombinedExpression("*", other, self)
    def __rtruediv__(self, other):
        return CombinedExpression("/", other, self)
    def __rmod__(self, other):
        return CombinedExpression("%", other, self)
    def __rpow__(self, other):
        return CombinedExpression("**", other, self)
    def __xor__(self, other):
        return CombinedExpression("^", self, other)
    def __and__(self, other):
        return CombinedExpression("&", self, other)
    def __or__(self, other):
        return CombinedExpression("|", self, other)
    def __invert__(self):
        return CombinedExpression("~", self, None)
    def __neg__(self):
        return CombinedExpression("*", self, -1)
    def bitand(self, other):
        return CombinedExpression("bitand", self, other)
    def bitor(self, other):
        return CombinedExpression("bitor", self, other)
    def bitxor(self, other):
        return CombinedExpression("bitxor", self, other)
    def bitleftshift(self, other):
        return CombinedExpression("bitleftshift", self, other)
    def bitrightshift(self, other):
        return CombinedExpression("bitrightshift", self, other)
    def asc(self, **kwargs):
        return CombinedExpression("asc", self, kwargs)
    def desc(self, **kwargs):
        return CombinedExpression("desc", self, kwargs)

class BaseExpression:
    pass

class Expression(BaseExpression, Combinable):
    pass

class CombinedExpression(Combination, Expression):
    pass

class F(Combinable):
    def __init__(self, name):
        self.name = name

class ResolvedOuterRef(F):
    pass

class OuterRef(F):
    pass

class Func(Expression):
    function = None
    template = "%(function)s(%(expressions)s)"
    arg_joiner = ", "
    arity = None
    def __init__(self, *expressions, **extra):
        self._expressions = expressions
        self._extra = extra
    @classmethod
    def register_lookup(cls, lookup, lookup_name=None):
        return lookup

class Value(Expression):
    pass

class RawSQL(Expression):
    pass

class Star(Expression):
    pass

class Col(Expression):
    pass

class Ref(Expression):
    pass

class ExpressionList(Func):
    pass

class OrderByList(Func):
    pass

class ExpressionWrapper(Expression):
    pass

class NegatedExpression(ExpressionWrapper):
    pass

class DatabaseDefault(Expression):
    pass

class When(Expression):
    pass

class Case(Expression):
    pass

class Subquery(BaseExpression, Combinable):
    def __init__(self, *expressions, **extra):
        self._expressions = expressions
        self._extra = extra

class Exists(Subquery):
    pass

class OrderBy(Expression):
    pass

class Window(Expression):
    pass

class WindowFrame(Expression):
    pass

class RowRange(WindowFrame):
    pass

class ValueRange(WindowFrame):
    pass
