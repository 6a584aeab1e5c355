"""Runs pgwright with what this process knows: its settings module, its packages, and how it reaches the database."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DEFAULT_DB_ALIAS, connections

from pgwright._binary import NotFound, run

# Commands that read a project.
READING = {"advise", "check", "explain", "inspect", "migrations", "review", "schema", "snapshot", "tune"}
# The command that asks the database which the environment names.
ASKING = "snapshot"
# What libpq calls the settings of a connection: https://www.postgresql.org/docs/current/libpq-envars.html
VARIABLES = {"HOST": "PGHOST", "PORT": "PGPORT", "NAME": "PGDATABASE", "USER": "PGUSER", "PASSWORD": "PGPASSWORD"}
OPTIONS = {
    "service": "PGSERVICE",
    "passfile": "PGPASSFILE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
}


def connection_variables(settings: Mapping[str, Any]) -> dict[str, str]:
    """A database of `DATABASES` as variables of the environment: other processes cannot read those, as they could arguments."""
    if "postgresql" not in settings.get("ENGINE", "") and "postgis" not in settings.get("ENGINE", ""):
        return {}
    options = settings.get("OPTIONS") or {}
    given = {name: settings.get(key) for key, name in VARIABLES.items()}
    given |= {name: options.get(key) for key, name in OPTIONS.items()}
    return {name: str(value) for name, value in given.items() if value}


class Command(BaseCommand):
    help = "Audits this project for PostgreSQL; `manage.py pgwright help` lists the commands."
    requires_system_checks: list[str] = []

    def run_from_argv(self, argv: list[str]) -> None:
        # All that follows is for pgwright, `--help` and `--settings` included.
        self._called_from_command_line = True
        self.execute_binary(argv[2:])

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("arguments", nargs=argparse.REMAINDER)

    def handle(self, *args: str, arguments: list[str], **options: Any) -> None:
        self.execute_binary(arguments)

    def execute_binary(self, arguments: list[str]) -> None:
        command = arguments[0] if arguments else ""
        environment = connection_variables(connections[DEFAULT_DB_ALIAS].settings_dict) if command == ASKING else {}
        if command in READING:
            said = {argument.split("=", 1)[0] for argument in arguments}
            module = os.environ.get("DJANGO_SETTINGS_MODULE")
            if module and "--settings" not in said:
                arguments = [*arguments, "--settings", module]
            if "--python" not in said:
                arguments = [*arguments, "--python", sys.executable]
        try:
            sys.exit(run(arguments, environment))
        except NotFound as error:
            raise CommandError(str(error)) from error
