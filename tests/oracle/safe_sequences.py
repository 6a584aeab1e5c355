"""Does a migration that `pgwright migrations --fix` rewrote end in the same schema, and does anybody wait for it?

For each case real Django applies the migration as it was, and the sequence made of it, to the same rows; PostgreSQL's catalogue must be the
same. The sequence must go back again too. Run by a Python with Django and psycopg: `safe_sequences.py PGWRIGHT [CASE…]`.

`safe_sequences.py PGWRIGHT --waits [CASE…]` applies both to a million rows while one connection reads rows and another one writes them, and
prints the longest that a statement of theirs took: with the migration as it was, and with the sequence.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import catalogue
from server import Server, temporary_server

SETTINGS = """
import os
INSTALLED_APPS = ["shop", *(["stock"] if os.path.exists("stock") else [])]
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": os.environ.get("PGDATABASE", "")}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SECRET_KEY = "x"
USE_TZ = True
"""

MANAGE = """
import os, sys
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
from django.core.management import execute_from_command_line
execute_from_command_line(sys.argv)
"""

INITIAL = """
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel("Customer", [("id", models.BigAutoField(primary_key=True))]),
        migrations.CreateModel(
            "Order",
            [
                ("id", models.BigAutoField(primary_key=True)),
                ("reference", models.CharField(max_length=40)),
                ("number", models.IntegerField(default=0)),
                ("note", models.TextField(null=True)),
                ("customer_number", models.BigIntegerField(null=True)),
                (
                    "customer",
                    models.ForeignKey("shop.customer", models.CASCADE, null=True, db_constraint=False, db_index=False),
                ),
            ],
        ),
        migrations.AddIndex("order", models.Index(fields=["number", "reference"], name="order_kept")),
    ]
"""

ROWS = """
INSERT INTO shop_customer (id) SELECT g FROM generate_series(1, 10) g;
INSERT INTO shop_order (reference, number, note, customer_number, customer_id)
  SELECT 'r' || g, g, 'n', g, 1 + g % 10 FROM generate_series(1, {rows}) g;
"""

MILLION = 1_000_000

# Seconds that no statement may wait for a sequence.
LONGEST = 0.5

# Sequences in which writers wait all the same, and why.
WAITING = {"together": "the author's function writes all rows by one statement"}

SECOND = "shop/migrations/0002_second.py"

# What follows the migration that is rewritten: one of its own app, and one of another.
FOLLOWERS = {
    "shop/migrations/0003_third.py": """
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("shop", "0002_second")]
    operations = [migrations.AddField("customer", "note", models.TextField(null=True))]
""",
    "stock/__init__.py": "",
    "stock/models.py": "",
    "stock/migrations/__init__.py": "",
    "stock/migrations/0001_initial.py": """
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = [
        ("shop", "0002_second"),
    ]
    operations = [
        migrations.CreateModel(
            "Item",
            [
                ("id", models.BigAutoField(primary_key=True)),
                ("order", models.ForeignKey("shop.order", models.CASCADE)),
            ],
        ),
    ]
""",
}

# Cases that are also tried in the middle of the history.
MIDDLE = ["index", "unique", "unique_field", "check", "new_foreign_key", "together"]

CASES = {
    "index": 'migrations.AddIndex("order", models.Index(fields=["reference"], name="order_reference"))',
    "db_index": 'migrations.AlterField("order", "reference", models.CharField(max_length=40, db_index=True))',
    "unique": 'migrations.AddConstraint("order", models.UniqueConstraint(fields=["reference", "number"], name="one"))',
    "unique_deferrable": 'migrations.AddConstraint("order", models.UniqueConstraint(fields=["reference"], name="one", '
    "deferrable=models.Deferrable.DEFERRED))",
    "unique_nulls": 'migrations.AddConstraint("order", models.UniqueConstraint(fields=["customer_number"], name="one", '
    "nulls_distinct=False))",
    "unique_condition": 'migrations.AddConstraint("order", models.UniqueConstraint(fields=["reference"], name="one", '
    "condition=models.Q(number__gt=5)))",
    "unique_field": 'migrations.AlterField("order", "reference", models.CharField(max_length=40, unique=True))',
    "unique_together": 'migrations.AlterUniqueTogether("order", {("reference", "number")})',
    "check": 'migrations.AddConstraint("order", models.CheckConstraint(CONDITION=models.Q(number__gte=0), name="positive"))',
    "positive": 'migrations.AlterField("order", "number", models.PositiveIntegerField(default=0))',
    "foreign_key": 'migrations.AlterField("order", "customer", models.ForeignKey("shop.customer", models.CASCADE, null=True, '
    "db_index=False))",
    "foreign_key_index": 'migrations.AlterField("order", "customer", models.ForeignKey("shop.customer", models.CASCADE, null=True))',
    "new_foreign_key": 'migrations.AddField("order", "buyer", models.ForeignKey("shop.customer", models.CASCADE, null=True, '
    'related_name="+"))',
    "new_unique": 'migrations.AddField("order", "code", models.CharField(max_length=20, null=True, unique=True))',
    "not_null": 'migrations.AlterField("order", "note", models.TextField())',
    "not_null_default": 'migrations.AlterField("order", "note", models.TextField(default="none"))',
    "remove_index": 'migrations.AddField("order", "extra", models.TextField(null=True)),\n        '
    'migrations.RemoveIndex("order", "order_kept")',
    "together": 'migrations.AddField("order", "extra", models.TextField(null=True)),\n        '
    "migrations.RunPython(fill, migrations.RunPython.noop),\n        "
    'migrations.AddIndex("order", models.Index(fields=["number"], name="order_number"))',
}

FILL = """
def fill(apps, schema_editor):
    apps.get_model("shop", "Order").objects.update(extra="x")


"""


def second(operations: str) -> str:
    import django

    condition = "condition" if django.VERSION >= (5, 1) else "check"
    return (
        f"from django.db import migrations, models\n\n{FILL}class Migration(migrations.Migration):\n"
        f'    dependencies = [("shop", "0001_initial")]\n    operations = [\n        '
        f"{operations.replace('CONDITION', condition)},\n    ]\n"
    )


def write_texts(folder: Path, texts: dict[str, str]) -> None:
    for path, text in texts.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)


def write_project(folder: Path, operations: str) -> None:
    texts = {
        "settings.py": SETTINGS,
        "manage.py": MANAGE,
        "shop/__init__.py": "",
        "shop/models.py": "",
        "shop/migrations/__init__.py": "",
        "shop/migrations/0001_initial.py": INITIAL,
        SECOND: second(operations),
        "pgwright.toml": '[assume.rows]\n"shop.Order" = 5000000\n"shop.Customer" = 100000\n',
    }
    write_texts(folder, texts)


def manage(server: Server, database: str, folder: Path, *arguments: str) -> None:
    environment = {**os.environ, **server.environment(database)}
    run = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode:
        raise RuntimeError(run.stdout + run.stderr)


def applied(server: Server, database: str, folder: Path) -> tuple[Any, Any]:
    """The catalogue after the first migration, and after all, with rows in between."""
    server.create_database(database)
    manage(server, database, folder, "migrate", "shop", "0001", "--verbosity", "0")
    start = state(server, database)
    with server.connect(database) as connection:
        connection.execute(ROWS.format(rows=1000))
    manage(server, database, folder, "migrate", "--verbosity", "0")
    return start, state(server, database)


def state(server: Server, database: str) -> Any:
    with server.connect(database) as connection:
        return catalogue.restrict(catalogue.read_catalogue(connection), lambda table: table.startswith(("shop_", "stock_")))


def check(server: Server, pgwright: str, name: str, operations: str, followers: dict[str, str]) -> list[str]:
    with tempfile.TemporaryDirectory() as temporary:
        before, after = Path(temporary, "before"), Path(temporary, "after")
        for folder in (before, after):
            write_project(folder, operations)
            write_texts(folder, followers)
        rewritten = subprocess.run(
            [pgwright, "migrations", "shop.0002", "--fix", "--python", sys.executable],
            cwd=after, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if rewritten.returncode:
            return [f"not rewritten: {rewritten.stdout}{rewritten.stderr}"]
        modules = sorted(path.name for path in Path(after, "shop/migrations").glob("0*.py"))
        same = Path(before, SECOND).read_text() == Path(after, SECOND).read_text()
        wrong = ["nothing was rewritten"] if same else []
        gate = subprocess.run(
            [pgwright, "migrations", "shop", "--all", "--format", "json", "--python", sys.executable],
            cwd=after, capture_output=True, text=True, check=False,
        )  # fmt: skip
        for rule in ("blocking-migration", "backfill-with-ddl", "concurrent-in-transaction"):
            if f'"rule": "{rule}"' in gate.stdout:
                wrong.append(f"the sequence has a finding of {rule}")
        whole, parts = f"{name}_whole", f"{name}_parts"
        _, expected = applied(server, whole, before)
        start, found = applied(server, parts, after)
        wrong += catalogue.differences(expected, found)
        again = subprocess.run(
            [pgwright, "migrations", "shop.0002_second", "--fix", "--python", sys.executable],
            cwd=after, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if "needs no rewriting" not in again.stderr:
            wrong.append(f"a second run: {again.stdout}{again.stderr}")
        manage(server, parts, after, "migrate", "shop", "0001", "--verbosity", "0")
        wrong += [f"going back: {line}" for line in catalogue.differences(start, state(server, parts))]
        print(f"{name:<20} {len(modules) - 1} migrations {'ok' if not wrong else 'WRONG'}", flush=True)
        if wrong:
            for module in modules[1:]:
                print(Path(after, "shop/migrations", module).read_text())
        return wrong


class Busy(threading.Thread):
    """One connection that sends a statement over and over, and knows the longest that one took."""

    def __init__(self, server: Server, database: str, statement: str) -> None:
        super().__init__()
        self.connection = server.connect(database)
        self.statement = statement
        self.longest = 0.0
        self.over = threading.Event()

    def run(self) -> None:
        chance = random.Random(1)
        with self.connection:
            while not self.over.is_set():
                start = time.perf_counter()
                self.connection.execute(self.statement, [chance.randint(1, MILLION)])
                self.longest = max(self.longest, time.perf_counter() - start)
                time.sleep(0.002)


READ = "SELECT id, reference FROM shop_order WHERE id = %s"
WRITE = "UPDATE shop_order SET customer_id = customer_id WHERE id = %s"


def longest(server: Server, database: str, folder: Path) -> list[float]:
    """What a reader and a writer wait while the migrations after the first are applied."""
    with server.connect() as connection:
        connection.execute(f'CREATE DATABASE "{database}" TEMPLATE "million"')
    busy = [Busy(server, database, statement) for statement in (READ, WRITE)]
    for one in busy:
        one.start()
    try:
        manage(server, database, folder, "migrate", "--verbosity", "0")
    finally:
        for one in busy:
            one.over.set()
            one.join()
    with server.connect() as connection:
        connection.execute(f'DROP DATABASE "{database}"')
    return [one.longest for one in busy]


def waits(server: Server, pgwright: str, names: list[str]) -> int:
    with tempfile.TemporaryDirectory() as temporary:
        write_project(Path(temporary), CASES[names[0]])
        server.create_database("million")
        manage(server, "million", Path(temporary), "migrate", "shop", "0001", "--verbosity", "0")
    with server.connect("million") as connection:
        connection.execute(ROWS.format(rows=MILLION))
        connection.execute("VACUUM ANALYZE")
    print(f"{'':<20} {'the migration':>21} {'the sequence':>21}\n{'':<20} {'reader':>10} {'writer':>10} {'reader':>10} {'writer':>10}")
    failures = 0
    for name in names:
        with tempfile.TemporaryDirectory() as temporary:
            before, after = Path(temporary, "before"), Path(temporary, "after")
            write_project(before, CASES[name])
            write_project(after, CASES[name])
            rewrite = [pgwright, "migrations", "shop.0002", "--fix", "--python", sys.executable]
            subprocess.run(rewrite, cwd=after, capture_output=True, check=True)
            whole, parts = longest(server, f"{name}_whole", before), longest(server, f"{name}_parts", after)
        judged = parts[:1] if name in WAITING else parts
        failures += max(judged) > LONGEST
        cells = " ".join(f"{1000 * seconds:>7.0f} ms" for seconds in [*whole, *parts])
        print(f"{name:<20} {cells} {WAITING.get(name, '')}", flush=True)
    print(f"nobody waits longer than {LONGEST} s" if not failures else f"{failures} sequences keep somebody waiting for more than {LONGEST} s")
    return 1 if failures else 0


def main() -> int:
    pgwright = str(Path(sys.argv[1]).resolve())
    wanted = [name for name in sys.argv[2:] if name != "--waits"] or list(CASES)
    if "--waits" in sys.argv:
        with temporary_server() as server:
            return waits(server, pgwright, wanted)
    failures = 0
    with temporary_server() as server:
        tried: list[tuple[str, str, dict[str, str]]] = [(name, name, {}) for name in wanted]
        tried += [(f"middle_{name}", name, FOLLOWERS) for name in wanted if name in MIDDLE]
        for label, name, followers in tried:
            wrong = check(server, pgwright, label, CASES[name], followers)
            failures += bool(wrong)
            for line in wrong:
                print(f"  {label}: {line}")
    print(f"{len(tried) - failures} of {len(tried)} sequences end where the migration does")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
