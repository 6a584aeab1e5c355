"""What PostgreSQL's catalogue says about a database, as plain data that two databases can be compared by."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg

# Tables that belong to an extension are not the project's.
TABLES = """
SELECT c.oid, c.relname
FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY c.relname
"""

COLUMNS = """
SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
       CASE WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, d.adrelid) END,
       a.attidentity,
       CASE WHEN a.attgenerated <> '' THEN pg_get_expr(d.adbin, d.adrelid) END,
       a.attgenerated,
       (SELECT collname FROM pg_collation l WHERE l.oid = a.attcollation AND l.collname <> 'default'),
       col_description(a.attrelid, a.attnum)
FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attrelid = %s AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum
"""

INDEXES = """
SELECT c.relname, pg_get_indexdef(c.oid)
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE i.indrelid = %s
ORDER BY c.relname
"""

# NOT NULL constraints (contype n, since PostgreSQL 18) are already in the columns; their names are the server's.
CONSTRAINTS = """
SELECT conname, pg_get_constraintdef(oid)
FROM pg_constraint
WHERE conrelid = %s AND contype IN ('p', 'u', 'f', 'c', 'x')
ORDER BY conname
"""

SEQUENCES = """
SELECT s.relname, format_type(q.seqtypid, NULL), q.seqincrement, q.seqstart, t.relname || '.' || a.attname
FROM pg_class s
JOIN pg_sequence q ON q.seqrelid = s.oid
LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = s.oid AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0
LEFT JOIN pg_class t ON t.oid = d.refobjid
LEFT JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
WHERE s.relnamespace = 'public'::regnamespace
ORDER BY s.relname
"""

EXTENSIONS = "SELECT extname FROM pg_extension WHERE extname <> 'plpgsql' ORDER BY extname"

Catalogue = dict[str, Any]

# There is no such fact; there is no third catalogue.
ABSENT = object()
NOT_ASKED = object()


def read_catalogue(connection: psycopg.Connection) -> Catalogue:
    tables: dict[str, Any] = {}
    for oid, name in connection.execute(TABLES).fetchall():
        columns = {}
        for column, kind, not_null, default, identity, expression, generated, collation, comment in connection.execute(
            COLUMNS, [oid]
        ):
            facts = {"type": kind, "not_null": not_null}
            optional = {
                "default": default,
                "identity": {"a": "always", "d": "by default"}.get(identity),
                "generated": expression,
                "generated_kind": {"s": "stored", "v": "virtual"}.get(generated),
                "collation": collation,
                "comment": comment,
            }
            columns[column] = facts | {key: value for key, value in optional.items() if value is not None}
        tables[name] = {
            "columns": columns,
            "indexes": dict(connection.execute(INDEXES, [oid]).fetchall()),
            "constraints": dict(connection.execute(CONSTRAINTS, [oid]).fetchall()),
        }
        comment = connection.execute("SELECT obj_description(%s, 'pg_class')", [oid]).fetchone()
        if comment and comment[0]:
            tables[name]["comment"] = comment[0]
    sequences = {
        name: {"type": kind, "increment": increment, "start": start, "owner": owner}
        for name, kind, increment, start, owner in connection.execute(SEQUENCES)
    }
    extensions = [name for (name,) in connection.execute(EXTENSIONS)]
    return {"extensions": extensions, "tables": tables, "sequences": sequences}


def restrict(catalogue: Catalogue, keep: Callable[[str], bool]) -> Catalogue:
    """The part of a catalogue that belongs to the tables `keep` says yes to."""
    return {
        "extensions": catalogue["extensions"],
        "tables": {name: table for name, table in catalogue["tables"].items() if keep(name)},
        "sequences": {
            name: sequence
            for name, sequence in catalogue["sequences"].items()
            if sequence["owner"] and keep(sequence["owner"].rpartition(".")[0])
        },
    }


def differences(expected: Any, found: Any, also: Any = NOT_ASKED, path: str = "") -> Iterator[str]:
    """Every difference between two catalogues, one line each. The order of columns is not compared.

    A fact that is not as expected but as in the catalogue `also` is no difference.
    """
    if isinstance(expected, dict) and isinstance(found, dict):
        for key in sorted(expected.keys() | found.keys()):
            other = also.get(key, ABSENT) if isinstance(also, dict) else also
            here = f"{path}.{key}" if path else key
            yield from differences(expected.get(key, ABSENT), found.get(key, ABSENT), other, here)
    elif expected == found or (also is not NOT_ASKED and also == found):
        return
    elif found is ABSENT:
        yield f"missing {path}: {describe(expected)}"
    elif expected is ABSENT:
        yield f"unexpected {path}: {describe(found)}"
    else:
        yield f"changed {path}: expected {describe(expected)}, found {describe(found)}"


def describe(value: Any) -> str:
    if isinstance(value, dict) and "columns" in value:
        return f"a table of {len(value['columns'])} columns"
    if isinstance(value, dict):
        return ", ".join(f"{key} {content}" for key, content in value.items())
    return str(value)
