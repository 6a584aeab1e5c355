from enum import Enum

__all__ = ["BaseConstraint", "CheckConstraint", "Deferrable", "UniqueConstraint"]

class BaseConstraint:
    def __init__(self, *args, name=None, violation_error_code=None, violation_error_message=None):
        self.name = name
        self.violation_error_code = violation_error_code
        self.violation_error_message = violation_error_message

class CheckConstraint(BaseConstraint):
    def __init__(self, *, condition=None, name=None, check=None, violation_error_code=None, violation_error_message=None):
        self.condition = condition if check is None else check
        super().__init__(name=name, violation_error_code=violation_error_code,
                         violation_error_message=violation_error_message)

class Deferrable(Enum):
    DEFERRED = "deferred"
    IMMEDIATE = "immediate"

class UniqueConstraint(BaseConstraint):
    def __init__(self, *expressions, fields=(), name=None, condition=None, deferrable=None, include=None, opclasses=(),
                 nulls_distinct=None, violation_error_code=None, violation_error_message=None):
        self.expressions = expressions
        self.fields = fields
        self.condition = condition
        self.deferrable = deferrable
        self.include = include
        self.opclasses = opclasses
        self.nulls_distinct = nulls_distinct
        super().__init__(name=name, violation_error_code=violation_error_code,
                         violation_error_message=violation_error_message)
