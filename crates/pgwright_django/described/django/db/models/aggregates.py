from django.db.models.expressions import Func

__all__ = ["Aggregate", "AnyValue", "Avg", "Count", "Max", "Min", "StdDev", "StringAgg", "Sum", "Variance"]

class Aggregate(Func):
    pass

class AnyValue(Aggregate):
    pass

class Avg(Aggregate):
    pass

class Count(Aggregate):
    pass

class Max(Aggregate):
    pass

class Min(Aggregate):
    pass

class StdDev(Aggregate):
    pass

class StringAgg(Aggregate):
    pass

class Sum(Aggregate):
    pass

class Variance(Aggregate):
    pass
