from django.db.migrations.operations.base import Operation

class SeparateDatabaseAndState(Operation):
    def __init__(self, database_operations=None, state_operations=None):
        self.database_operations = database_operations or []
        self.state_operations = state_operations or []

class RunSQL(Operation):
    noop = ""

    def __init__(self, sql, reverse_sql=None, state_operations=None, hints=None, elidable=False):
        self.sql = sql
        self.reverse_sql = reverse_sql
        self.state_operations = state_operations or []
        self.hints = hints or {}
        self.elidable = elidable

class RunPython(Operation):
    reduces_to_sql = False

    def __init__(self, code, reverse_code=None, atomic=None, hints=None, elidable=False):
        self.atomic = atomic
        self.code = code
        self.reverse_code = reverse_code
        self.hints = hints or {}
        self.elidable = elidable

    @staticmethod
    def noop(apps, schema_editor):
        return None
