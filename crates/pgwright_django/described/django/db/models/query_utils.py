from django.db.models.expressions import Combination

class Q:
    AND = "AND"
    OR = "OR"
    XOR = "XOR"
    def __and__(self, other):
        return CombinedQ("&", self, other)
    def __or__(self, other):
        return CombinedQ("|", self, other)
    def __xor__(self, other):
        return CombinedQ("^", self, other)
    def __invert__(self):
        return CombinedQ("~", self, None)
    def add(self, data, conn_type):
        self._added = getattr(self, "_added", ()) + ((conn_type, data),)
        return self

class CombinedQ(Combination, Q):
    pass

class FilteredRelation:
    def __init__(self, relation_name, *, condition=None):
        self.relation_name = relation_name
        self.condition = condition

class DeferredAttribute:
    def __init__(self, field):
        self.field = field
