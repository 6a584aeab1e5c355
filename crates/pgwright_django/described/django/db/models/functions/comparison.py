from django.db.models.expressions import Func

class Cast(Func):
    pass

class Coalesce(Func):
    pass

class Collate(Func):
    pass

class Greatest(Func):
    pass

class JSONObject(Func):
    pass

class Least(Func):
    pass

class NullIf(Func):
    pass
