#!/usr/bin/env python
"""What real Django's migrations do to a project that `generate.py` wrote; run by `tests/oracle/server.py`.

    migrate.py FOLDER plan     prints what `makemigrations` would write: `{"changes": {APP: [{"operations": [TEXT]}]}}`
    migrate.py FOLDER write    writes it
    migrate.py FOLDER run      migrates an empty database and prints what was sent, in the form of `tests/corpus/NAME/migrations.json.xz`:
                               statements with the operation each belongs to and the tables that it newly locked
"""

import json
import os
import sys
from pathlib import Path

FOLDER, TASK = sys.argv[1:]
sys.path.insert(0, FOLDER)
os.environ["DJANGO_SETTINGS_MODULE"] = "settings"

import django  # noqa: E402

django.setup()

from django.apps import apps  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.db.backends.base.schema import BaseDatabaseSchemaEditor  # noqa: E402
from django.db.migrations.autodetector import MigrationAutodetector  # noqa: E402
from django.db.migrations.executor import MigrationExecutor  # noqa: E402
from django.db.migrations.loader import MigrationLoader  # noqa: E402
from django.db.migrations.questioner import NonInteractiveMigrationQuestioner  # noqa: E402
from django.db.migrations.state import ProjectState  # noqa: E402

LOCKS = """
SELECT c.relname, l.mode FROM pg_locks l JOIN pg_class c ON c.oid = l.relation JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation' AND c.relkind IN ('r', 'p') AND n.nspname = 'public'
"""


def plan():
    loader = MigrationLoader(None)
    questioner = NonInteractiveMigrationQuestioner(specified_apps=set(), dry_run=True)
    detector = MigrationAutodetector(loader.project_state(), ProjectState.from_apps(apps), questioner)
    changes = detector.changes(graph=loader.graph)
    described = {
        app: [{"operations": [operation.describe() for operation in migration.operations]} for migration in migrations]
        for app, migrations in changes.items()
    }
    json.dump({"changes": described}, sys.stdout)


def write():
    for config in apps.get_app_configs():
        folder = Path(config.path) / "migrations"
        folder.mkdir(exist_ok=True)
        (folder / "__init__.py").touch()
    call_command("makemigrations", interactive=False, verbosity=0)


class Recorder:
    """Statements in the order in which they are sent, each with what was locked since the one before."""

    def __init__(self):
        self.statements = []
        self.operation = None
        self.deferred = False
        self.recording = False
        self.held = set()

    def __call__(self, execute, sql, params, many, context):
        result = execute(sql, params, many, context)
        # What Django asks the catalogue for is fetched later, and is no part of the migration.
        if not self.recording or str(sql).lstrip().upper().startswith(("SELECT", "SET CONSTRAINTS ALL")):
            return result
        statement = context["cursor"].mogrify(sql, params) if params else str(sql)
        locks = self.locks() - self.held
        self.held |= locks
        self.statements.append({"sql": statement, "op": self.operation, "deferred": self.deferred, "locks": sorted(locks)})
        return result

    def locks(self):
        self.recording = False
        try:
            with connection.cursor() as cursor:
                cursor.execute(LOCKS)
                return set(cursor.fetchall())
        finally:
            self.recording = True


def watched(operation, number, recorder):
    forwards = operation.database_forwards

    def database_forwards(*arguments):
        recorder.operation = number
        recorder.recording = True
        try:
            return forwards(*arguments)
        finally:
            recorder.recording = False

    operation.database_forwards = database_forwards


def run():
    recorder = Recorder()
    leave = BaseDatabaseSchemaEditor.__exit__

    def last(self, *raised):
        recorder.deferred = recorder.recording = True
        recorder.operation = None
        try:
            return leave(self, *raised)
        finally:
            recorder.deferred = recorder.recording = False

    BaseDatabaseSchemaEditor.__exit__ = last
    executor = MigrationExecutor(connection)
    executor.recorder.ensure_schema()
    migrations = []
    state = executor._create_project_state(with_applied_migrations=True)
    with connection.execute_wrapper(recorder):
        for migration, _ in executor.migration_plan(executor.loader.graph.leaf_nodes()):
            recorder.statements, recorder.held = [], set()
            for number, operation in enumerate(migration.operations):
                watched(operation, number, recorder)
            state.apps  # noqa: B018 - rendered before, as `migrate` does
            state = executor.apply_migration(state, migration)
            migrations.append(
                {
                    "app": migration.app_label,
                    "name": migration.name,
                    "atomic": migration.atomic,
                    "operations": [type(operation).__name__ for operation in migration.operations],
                    "statements": recorder.statements,
                }
            )
    json.dump({"migrations": migrations}, sys.stdout)


{"plan": plan, "write": write, "run": run}[TASK]()
