"""Where the binary is that came with this package, and how it is run."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path


class NotFound(Exception):
    """The package is there without its binary."""


def find() -> Path:
    """The binary beside this Python: in its environment, in the user's, or in the folder given to `pip install --target`."""
    name = "pgwright" + (sysconfig.get_config_var("EXE") or "")
    schemes = [sysconfig.get_default_scheme(), sysconfig.get_preferred_scheme("user")]
    folders = [Path(sysconfig.get_path("scripts", scheme)) for scheme in schemes]
    folders.append(Path(__file__).resolve().parent.parent / "bin")
    for folder in folders:
        if (folder / name).is_file():
            return folder / name
    raise NotFound(f"there is no `{name}` in {', '.join(map(str, folders))}: install the package `pgwright` again")


def run(arguments: list[str], environment: Mapping[str, str] | None = None) -> int:
    """Runs it in place of this process where the system can, and otherwise gives its exit code."""
    binary = str(find())
    given = {**os.environ, **(environment or {})}
    sys.stdout.flush()
    sys.stderr.flush()
    if sys.platform == "win32":
        return subprocess.run([binary, *arguments], env=given, check=False).returncode
    os.execve(binary, [binary, *arguments], given)
