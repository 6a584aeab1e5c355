from django.db.models.aggregates import Aggregate, StringAgg as _StringAgg

class ArrayAgg(Aggregate):
    pass

class BitAnd(Aggregate):
    pass

class BitOr(Aggregate):
    pass

class BitXor(Aggregate):
    pass

class BoolAnd(Aggregate):
    pass

class BoolOr(Aggregate):
    pass

class JSONBAgg(Aggregate):
    pass

class StringAgg(_StringAgg):
    pass

class StatAggregate(Aggregate):
    pass

class Corr(StatAggregate):
    pass

class CovarPop(StatAggregate):
    pass

class RegrAvgX(StatAggregate):
    pass

class RegrAvgY(StatAggregate):
    pass

class RegrCount(StatAggregate):
    pass

class RegrIntercept(StatAggregate):
    pass

class RegrR2(StatAggregate):
    pass

class RegrSlope(StatAggregate):
    pass

class RegrSXX(StatAggregate):
    pass

class RegrSXY(StatAggregate):
    pass

class RegrSYY(StatAggregate):
    pass
