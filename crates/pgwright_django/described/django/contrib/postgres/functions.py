from django.db.models.expressions import Func

class RandomUUID(Func):
    pass

class TransactionNow(Func):
    pass
