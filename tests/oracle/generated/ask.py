#!/usr/bin/env python
"""What real Django sends first for each function of a project that `generate.py` wrote.

    ask.py FOLDER

Prints `{"django": VERSION, "asked": {"APP.FUNCTION": {"sql": TEXT} | {"nothing": true} | {"error": NAME}}}`. Nothing is sent: what the
compiler hands to the cursor is taken from it, so no server is needed. Texts keep their `%s`.
"""

import importlib
import json
import os
import sys
from pathlib import Path

FOLDER = Path(sys.argv[1])
sys.path.insert(0, str(FOLDER))
os.environ["DJANGO_SETTINGS_MODULE"] = "settings"

import django  # noqa: E402

django.setup()

from django.conf import settings  # noqa: E402
from django.core.exceptions import EmptyResultSet, FullResultSet  # noqa: E402
from django.db.models.sql.compiler import SQLCompiler  # noqa: E402


class SentError(Exception):
    """Carries the text that was about to be sent."""


def execute_sql(self, *arguments, **options):
    try:
        sql, _ = self.as_sql()
    except EmptyResultSet:
        raise SentError(None) from None
    if not sql:
        raise EmptyResultSet
    raise SentError(sql)


def ask(function):
    try:
        function()
    except SentError as sent:
        (sql,) = sent.args
        return {"nothing": True} if sql is None else {"sql": sql}
    except (EmptyResultSet, FullResultSet):
        return {"nothing": True}
    except Exception as error:  # noqa: BLE001 - whatever Django objects to is no query
        return {"error": f"{type(error).__name__}: {error}"[:200]}
    return {"nothing": True}


SQLCompiler.execute_sql = execute_sql
answers = {}
for app in settings.INSTALLED_APPS:
    module = importlib.import_module(f"{app}.queries")
    for name, function in vars(module).items():
        if name.startswith("query_"):
            answers[f"{app}.{name}"] = ask(function)
json.dump({"django": django.get_version(), "asked": answers}, sys.stdout, indent=0)
