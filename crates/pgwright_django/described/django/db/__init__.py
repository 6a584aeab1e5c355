from django.db.utils import *
from _pgwright import execute, unknown

DEFAULT_DB_ALIAS = "default"

class _Features:
    supports_json_field = True
    supports_ignore_conflicts = True
    supports_update_conflicts = True
    supports_update_conflicts_with_target = True
    supports_transactions = True
    supports_over_clause = True
    supports_explaining_query_execution = True
    supports_select_union = True
    supports_select_intersection = True
    supports_select_difference = True
    has_select_for_update = True
    has_select_for_update_nowait = True
    has_select_for_update_skip_locked = True
    has_select_for_update_of = True
    has_bulk_insert = True
    can_return_columns_from_insert = True
    can_return_rows_from_bulk_insert = True
    can_distinct_on_fields = True
    uses_savepoints = True
    allows_group_by_selected_pks = True
    interprets_empty_strings_as_nulls = False

class _Operations:
    def quote_name(self, name):
        return '"' + name + '"'

    def max_name_length(self):
        return 63

class _Cursor:
    description = unknown("the columns of a result")
    rowcount = unknown("how many rows were touched")

    def __enter__(self):
        return self
    def __exit__(self, *exception):
        return None
    def __iter__(self):
        return self.fetchall()
    def execute(self, sql, params=None):
        execute(sql)
    def executemany(self, sql, param_list):
        execute(sql)
    def fetchone(self):
        return unknown("a row")
    def fetchmany(self, size=1):
        return unknown("rows")
    def fetchall(self):
        return unknown("rows")
    def close(self):
        return None

class _Connection:
    vendor = "postgresql"
    display_name = "PostgreSQL"
    alias = "default"
    settings_dict = {"ENGINE": "django.db.backends.postgresql"}
    mysql_is_mariadb = False

    def __init__(self):
        self.features = _Features()
        self.ops = _Operations()
        self.data_types = DATA_TYPES

    def cursor(self):
        return _Cursor()

DATA_TYPES = {
    "AutoField": "integer", "BigAutoField": "bigint", "BinaryField": "bytea", "BooleanField": "boolean",
    "CharField": "varchar(%(max_length)s)", "DateField": "date", "DateTimeField": "timestamp with time zone",
    "DecimalField": "numeric(%(max_digits)s, %(decimal_places)s)", "DurationField": "interval",
    "FileField": "varchar(%(max_length)s)", "FilePathField": "varchar(%(max_length)s)", "FloatField": "double precision",
    "IntegerField": "integer", "BigIntegerField": "bigint", "IPAddressField": "inet", "GenericIPAddressField": "inet",
    "JSONField": "jsonb", "OneToOneField": "integer", "PositiveBigIntegerField": "bigint",
    "PositiveIntegerField": "integer", "PositiveSmallIntegerField": "smallint", "SlugField": "varchar(%(max_length)s)",
    "SmallAutoField": "smallint", "SmallIntegerField": "smallint", "TextField": "text", "TimeField": "time",
    "UUIDField": "uuid",
}

connection = _Connection()
connections = {"default": connection}
router = unknown("the database router")
