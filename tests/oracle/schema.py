#!/usr/bin/env python
"""Ask real Django and a real PostgreSQL what a project's schema is, and compare.

    schema.py migrate PROJECT --settings MODULE --out FILE    the catalogue after `manage.py migrate`
    schema.py apply DDL --out FILE                            the catalogue after running a file of DDL
    schema.py compare DDL --truth FILE [--also FILE]          run DDL, print how it differs from a catalogue
    schema.py truth --registry FILE --dump FILE --out DIR     make a corpus project's truth (maintainers)

A catalogue is JSON, or JSON compressed by xz when the file's name ends in `.xz`.
`compare` exits with 1 when there is a difference.
"""

from __future__ import annotations

import argparse
import json
import lzma
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from catalogue import Catalogue, differences, read_catalogue, restrict
from server import Server, temporary_server


# Foreign keys from tables outside of a list to tables in it.
FOREIGN_KEYS = """
SELECT format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', k.conrelid::regclass, k.conname, pg_get_constraintdef(k.oid))
FROM pg_constraint k JOIN pg_class here ON here.oid = k.conrelid JOIN pg_class there ON there.oid = k.confrelid
WHERE k.contype = 'f' AND here.relname <> ALL (%s) AND there.relname = ANY (%s)
"""


def read_json(path: Path) -> Any:
    with lzma.open(path, "rt") if path.suffix == ".xz" else open(path) as file:
        return json.load(file)


def write_json(path: Path, value: Any) -> None:
    text = json.dumps(value, indent=1, sort_keys=True) + "\n"
    if path.suffix == ".xz":
        path.write_bytes(lzma.compress(text.encode(), preset=9))
    else:
        path.write_text(text)


def catalogue_of(server: Server, database: str) -> Catalogue:
    with server.connect(database) as connection:
        return read_catalogue(connection)


def migrate(arguments: argparse.Namespace) -> int:
    with temporary_server() as server:
        server.create_database("project")
        environment = {
            **os.environ,
            **server.environment("project"),
            "DJANGO_SETTINGS_MODULE": arguments.settings,
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        # `-m` puts the current directory, here the project, first on the path.
        command = [sys.executable, "-m", "django", "migrate", "--verbosity", "0"]
        subprocess.run(command, cwd=arguments.project, env=environment, check=True)
        # Django's record of what has been applied belongs to no model.
        write_json(arguments.out, restrict(catalogue_of(server, "project"), lambda table: table != "django_migrations"))
    return 0


def apply(arguments: argparse.Namespace) -> int:
    with temporary_server() as server:
        server.create_database("ddl")
        errors = server.run_script("ddl", arguments.ddl.read_text())
        write_json(arguments.out, catalogue_of(server, "ddl"))
    for error in errors:
        print(f"error {error}")
    return 1 if errors else 0


def compare(arguments: argparse.Namespace) -> int:
    """Compare what the DDL builds with a catalogue.

    Of a corpus project: its own tables. Other packages' tables have histories of their own.
    """
    truth = read_json(arguments.truth)
    own = set(truth.get("own_tables", []))
    with temporary_server() as server:
        server.create_database("ddl")
        # Extensions are the work of migrations; models do not say them.
        extensions = [f'CREATE EXTENSION "{name}";\n' for name in truth["extensions"]]
        script = "".join(extensions) + arguments.prepare + arguments.ddl.read_text()
        lines = [f"error {error}" for error in server.run_script("ddl", script)]
        found = catalogue_of(server, "ddl")

    def compared(table: str) -> bool:
        return not own or table in own

    expected = restrict(truth, compared)
    also = [restrict(read_json(arguments.also), compared)] if arguments.also else []
    lines += differences(expected, restrict(found, compared), *also)
    for line in lines:
        print(line)
    parts = ("columns", "indexes", "constraints")
    counts = [f"{sum(len(table[part]) for table in expected['tables'].values())} {part}" for part in parts]
    print(f"{len(expected['tables'])} tables, {', '.join(counts)}: {len(lines)} differences", file=sys.stderr)
    return 1 if lines else 0


def truth(arguments: argparse.Namespace) -> int:
    """Two catalogues of one corpus project, and how they differ.

    `schema.models.json.xz` is what Django's schema editor creates from the models today (`create_sql` of the registry
    dump); `schema.migrated.json.xz` is what the project's migrations have built (a dump of the migrated database).
    Where the two differ, the project's history shows: `history.txt` lists it, because no reader of models can know it.
    """
    registry = read_json(arguments.registry)
    own = sorted({model["db_table"] for model in registry["models"] if model["own"] and model.get("create_sql")})
    contrib = sorted(
        model["db_table"] for model in registry["external_models"] if model["module"].startswith("django.contrib.")
    )
    # An automatic many-to-many table is created by its own entry and by that of the model that declares it.
    statements = list(dict.fromkeys(sql for model in registry["models"] for sql in model.get("create_sql", [])))
    statements.sort(key=lambda sql: not sql.startswith("CREATE TABLE"))
    # psql's own commands in the dump are of no use here.
    dump = "\n".join(line for line in arguments.dump.read_text().splitlines() if not line.startswith("\\"))
    with temporary_server() as server:
        server.create_database("project")
        errors = server.run_script("project", dump)
        migrated = catalogue_of(server, "project")
        # Dropping an own table takes the foreign keys of third-party tables to it away.
        with server.connect("project") as connection:
            restored = [row[0] for row in connection.execute(FOREIGN_KEYS, [own, own])]
        drops = [f'DROP TABLE IF EXISTS public."{table}" CASCADE' for table in own]
        script = [*drops, "SET search_path = public", *(sql.rstrip("; ") for sql in statements), *restored]
        errors += server.run_script("project", ";\n".join([*script, ""]))
        models = catalogue_of(server, "project")
    for error in errors:
        print(f"error {error}")
    migrated, models = (
        {"own_tables": own, "contrib_tables": contrib} | restrict(catalogue, lambda table: table in migrated["tables"] or table in own)
        for catalogue in (migrated, models)
    )
    history = list(differences(models, migrated))
    arguments.out.mkdir(parents=True, exist_ok=True)
    write_json(arguments.out / "schema.models.json.xz", models)
    write_json(arguments.out / "schema.migrated.json.xz", migrated)
    (arguments.out / "history.txt").write_text("".join(f"{line}\n" for line in history))
    print(f"{arguments.out}: {len(own)} own tables, {len(errors)} errors, {len(history)} differences")
    return 1 if errors else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)

    command = commands.add_parser("migrate")
    command.add_argument("project", type=Path)
    command.add_argument("--settings", required=True)
    command.add_argument("--out", type=Path, required=True)
    command.set_defaults(run=migrate)

    command = commands.add_parser("apply")
    command.add_argument("ddl", type=Path)
    command.add_argument("--out", type=Path, required=True)
    command.set_defaults(run=apply)

    command = commands.add_parser("compare")
    command.add_argument("ddl", type=Path)
    command.add_argument("--truth", type=Path, required=True)
    command.add_argument("--also", type=Path, help="a second catalogue, right where it differs from the first")
    command.add_argument("--prepare", default="", help="SQL to run first: types that migrations make by hand")
    command.set_defaults(run=compare)

    command = commands.add_parser("truth")
    command.add_argument("--registry", type=Path, required=True)
    command.add_argument("--dump", type=Path, required=True)
    command.add_argument("--out", type=Path, required=True)
    command.set_defaults(run=truth)

    arguments = parser.parse_args()
    return arguments.run(arguments)


if __name__ == "__main__":
    sys.exit(main())
