__all__ = ["Index"]

class Index:
    suffix = "idx"
    max_name_length = 30
    def __init__(self, *expressions, fields=(), name=None, db_tablespace=None, opclasses=(), condition=None, include=None):
        self.expressions = expressions
        self.fields = fields
        self.name = name
        self.db_tablespace = db_tablespace
        self.opclasses = opclasses
        self.condition = condition
        self.include = include

class IndexExpression:
    pass
