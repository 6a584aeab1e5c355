from django.db.models.expressions import Func

class Extract(Func):
    pass

class ExtractDay(Func):
    pass

class ExtractHour(Func):
    pass

class ExtractIsoWeekDay(Func):
    pass

class ExtractIsoYear(Func):
    pass

class ExtractMinute(Func):
    pass

class ExtractMonth(Func):
    pass

class ExtractQuarter(Func):
    pass

class ExtractSecond(Func):
    pass

class ExtractWeek(Func):
    pass

class ExtractWeekDay(Func):
    pass

class ExtractYear(Func):
    pass

class Now(Func):
    pass

class Trunc(Func):
    pass

class TruncDate(Func):
    pass

class TruncDay(Func):
    pass

class TruncHour(Func):
    pass

class TruncMinute(Func):
    pass

class TruncMonth(Func):
    pass

class TruncQuarter(Func):
    pass

class TruncSecond(Func):
    pass

class TruncTime(Func):
    pass

class TruncWeek(Func):
    pass

class TruncYear(Func):
    pass
