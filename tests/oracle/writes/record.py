"""Runs the snippets of `snippets.toml` on real Django and PostgreSQL, and prints the SQL each sent as JSON.

`server.py PYTHON record.py` inside a Django environment; `--merge FILE` adds the answer to a compressed file under the version.

Statements are told apart by their text only: parameters stay `%s`, the lists of `IN` and the rows of `VALUES` are one long, and
savepoints are left out.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import re
import sys
import tomllib
import uuid
import warnings
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "project"))
os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
warnings.simplefilter("ignore")

import django  # noqa: E402

django.setup()

from django.apps import apps  # noqa: E402
from django.contrib.contenttypes.models import ContentType  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.db.models import F, Value  # noqa: E402
from django.db.models.functions import Upper  # noqa: E402
from django.db.models.signals import m2m_changed, pre_delete  # noqa: E402
from django.utils import timezone  # noqa: E402

TRANSACTIONS = ("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN", "COMMIT", "SET ")
IN_LIST = re.compile(r"IN \((%s(?:, %s)+)\)")
MORE_ROWS = re.compile(r"(VALUES )(\((?:[^()]|\([^()]*\))*\))(?:, \2)+")


def normal(sql: str) -> str:
    sql = IN_LIST.sub("IN (%s)", sql)
    return MORE_ROWS.sub(r"\1\2", sql)


def receiver(**_: Any) -> None:
    """A signal that is heard changes what can be deleted without being read first."""


def record(snippet: dict[str, Any]) -> list[str]:
    heard: list[tuple[Any, Any]] = []
    statements: list[str] = []

    def listen(model: Any) -> None:
        pre_delete.connect(receiver, sender=model)
        heard.append((pre_delete, model))

    def listen_m2m(through: Any) -> None:
        m2m_changed.connect(receiver, sender=through)
        heard.append((m2m_changed, through))

    def wrapper(execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        text = sql if isinstance(sql, str) else sql.as_string(None)
        if not text.startswith(TRANSACTIONS):
            statements.append(normal(text))
        return execute(sql, params, many, context)

    names: dict[str, Any] = {model.__name__: model for model in apps.get_app_config("lib").get_models()}
    names |= {"F": F, "Value": Value, "Upper": Upper, "uuid": uuid, "timezone": timezone}
    names |= {"ContentType": ContentType, "listen": listen, "listen_m2m": listen_m2m}
    try:
        with transaction.atomic():
            # What is not asked about must not depend on which snippet ran before.
            for model in apps.get_app_config("lib").get_models():
                ContentType.objects.get_for_model(model, for_concrete_model=False)
            exec(snippet.get("setup", ""), names)
            with connection.execute_wrapper(wrapper), contextlib.suppress(django.db.IntegrityError):
                exec(snippet["run"], names)
            transaction.set_rollback(True)
    finally:
        for signal, model in heard:
            signal.disconnect(receiver, sender=model)
    return statements


def main() -> None:
    call_command("migrate", verbosity=0, run_syncdb=True)
    snippets = tomllib.loads((HERE / "snippets.toml").read_text())["snippet"]
    answers = {}
    for snippet in snippets:
        since = tuple(int(part) for part in snippet.get("since", "4.2").split("."))
        if since > django.VERSION:
            continue
        try:
            answers[snippet["name"]] = record(snippet)
        except Exception as error:
            print(f"{snippet['name']}: {type(error).__name__}: {error}", file=sys.stderr)
    version = ".".join(str(part) for part in django.VERSION[:2])
    if sys.argv[1:2] == ["--merge"]:
        path = Path(sys.argv[2])
        known = json.loads(gzip.decompress(path.read_bytes())) if path.exists() else {}
        known[version] = answers
        path.write_bytes(gzip.compress(json.dumps(dict(sorted(known.items())), indent=0).encode(), mtime=0))
    else:
        print(json.dumps({version: answers}, indent=2))


if __name__ == "__main__":
    main()
