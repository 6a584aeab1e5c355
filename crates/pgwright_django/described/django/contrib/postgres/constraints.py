from django.db.models.constraints import BaseConstraint
from django.db.models.expressions import Func

class ExclusionConstraintExpression(Func):
    pass

class ExclusionConstraint(BaseConstraint):
    def __init__(self, *, name=None, expressions=(), index_type=None, condition=None, deferrable=None, include=None,
                 violation_error_code=None, violation_error_message=None):
        self.expressions = expressions
        self.index_type = index_type or "gist"
        self.condition = condition
        self.deferrable = deferrable
        self.include = include
        super().__init__(name=name, violation_error_code=violation_error_code,
                         violation_error_message=violation_error_message)
