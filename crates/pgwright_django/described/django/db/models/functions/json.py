from django.db.models.expressions import Func

class JSONArray(Func):
    pass
