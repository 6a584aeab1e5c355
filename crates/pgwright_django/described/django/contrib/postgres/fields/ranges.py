from django.db.models.expressions import Func
from django.db.models.fields import Field

class RangeBoundary(Func):
    pass

class RangeOperators:
    EQUAL = "="
    NOT_EQUAL = "<>"
    CONTAINS = "@>"
    CONTAINED_BY = "<@"
    OVERLAPS = "&&"
    FULLY_LT = "<<"
    FULLY_GT = ">>"
    NOT_LT = "&>"
    NOT_GT = "&<"
    ADJACENT_TO = "-|-"

class RangeField(Field):
    empty_strings_allowed = False
    def __init__(self, *args, default_bounds=None, **kwargs):
        self.default_bounds = default_bounds
        super().__init__(*args, **kwargs)

class ContinuousRangeField(RangeField):
    pass

class IntegerRangeField(RangeField):
    pass

class BigIntegerRangeField(RangeField):
    pass

class DecimalRangeField(ContinuousRangeField):
    pass

class DateTimeRangeField(ContinuousRangeField):
    pass

class DateRangeField(RangeField):
    pass
