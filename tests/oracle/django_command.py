"""`python -m pgwright` and `manage.py pgwright` as a project has them: `django_command.py BINARY`, inside a Django environment.

The package is laid out as `pip install --target` does; then a copy of `examples/shop` with `pgwright.django` among its apps is audited by
its own `manage.py`, and what comes out has to be what the binary says when it is told everything by hand.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
STUB = """\
#!/bin/sh
echo "$@"
env | grep ^PG | sort
"""
DATABASE = """
INSTALLED_APPS += ["pgwright.django"]
DATABASES["default"] |= {"HOST": "db.example", "PORT": 6432, "NAME": "orders", "USER": "shop", "PASSWORD": "sEcret"}
DATABASES["default"]["OPTIONS"] = {"sslmode": "require"}
"""


def run(
    arguments: list[str], folder: Path, target: Path | None = None, code: int = 0
) -> subprocess.CompletedProcess[str]:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("PG", "DJANGO_", "VIRTUAL_ENV"))
    }
    if target:
        environment["PYTHONPATH"] = str(target)
    done = subprocess.run(arguments, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == code, (arguments, done)
    return done


def install(target: Path, binary: str | Path | None) -> Path:
    shutil.copytree(ROOT / "python" / "pgwright", target / "pgwright")
    if binary:
        (target / "bin").mkdir()
        shutil.copy(binary, target / "bin" / "pgwright")
    return target


def main(binary: str) -> None:
    binary = str(Path(binary).resolve())
    python, manage = [sys.executable, "-B"], [sys.executable, "-B", "manage.py", "pgwright"]
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        shop = folder / "shop"
        shutil.copytree(ROOT / "examples" / "shop", shop)
        with (shop / "shop" / "settings.py").open("a") as settings:
            settings.write(DATABASE)
        target = install(folder / "target", binary)

        version = run([binary, "--version"], shop).stdout
        assert run([*python, "-m", "pgwright", "--version"], shop, target).stdout == version
        assert run([*manage, "--version"], shop, target).stdout == version

        audit = ["check", "--format", "json", "--exit-zero"]
        told = run([binary, *audit, "--settings", "shop.settings", "--python", sys.executable], shop).stdout
        assert json.loads(told)["diagnostics"], "the shop has findings"
        assert run([*manage, *audit], shop, target).stdout == told
        assert run([*manage, "check"], shop, target, code=1).stdout, "findings are an exit code"

        stub = folder / "stub"
        stub.write_text(STUB)
        stub.chmod(0o755)
        told_apart = install(folder / "stubbed", stub)
        said = run([*manage, "snapshot", "--settings=shop.settings"], shop, told_apart).stdout.splitlines()
        assert said[0] == f"snapshot --settings=shop.settings --python {sys.executable}", said
        assert said[1:] == [
            "PGDATABASE=orders",
            "PGHOST=db.example",
            "PGPASSWORD=sEcret",
            "PGPORT=6432",
            "PGSSLMODE=require",
            "PGUSER=shop",
        ], said
        assert run([*manage, "rules", "--help"], shop, told_apart).stdout == "rules --help\n"

        missing = run([*manage, "check"], shop, install(folder / "empty", None), code=1).stderr
        assert "install the package `pgwright` again" in missing, missing


main(sys.argv[1])
