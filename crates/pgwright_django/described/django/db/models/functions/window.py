from django.db.models.expressions import Func

class CumeDist(Func):
    pass

class DenseRank(Func):
    pass

class FirstValue(Func):
    pass

class Lag(Func):
    pass

class LastValue(Func):
    pass

class Lead(Func):
    pass

class NthValue(Func):
    pass

class Ntile(Func):
    pass

class PercentRank(Func):
    pass

class Rank(Func):
    pass

class RowNumber(Func):
    pass
