from django.db.models.expressions import Func

class UUID4(Func):
    pass

class UUID7(Func):
    pass
