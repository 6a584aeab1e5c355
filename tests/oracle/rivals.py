"""N+1 side by side: pgwright, `djch check` and `django-orm-lens nplusone` on the corpus projects whose queries were recorded.

Its argument is what `cargo xtask rivals` knows: `{"pgwright": PATH, "rivals": DIRECTORY, "projects": [{"name", "source", "arguments",
"truth"}]}`, where `truth` is the file of recorded places and DIRECTORY holds the rivals' programs; its Python runs this.
Writes a Markdown page to standard output.

A recorded place is found by a tool when a finding is on its line. What `django-orm-lens` finds is a loop: every line of that loop counts for it.
"""

import ast
import json
import lzma
import os
import re
import subprocess
import sys
import time
import tomllib
from collections import Counter
from pathlib import Path

RULES = "related-access-in-loop,query-in-loop,write-in-loop"
VERDICTS = Path(__file__).parents[1] / "corpus" / "rivals.toml"
TOOLS = ["pgwright", "djch", "django-orm-lens"]


def timed(command, directory):
    start = time.perf_counter()
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    if done.returncode not in (0, 1):
        sys.exit(f"{command[0]} failed ({done.returncode})\n{done.stderr}")
    return done.stdout + (done.stderr if "djch" in command[0] else ""), seconds


def ours(project, pgwright):
    """Findings as (file, first line, lines); with a template's, the line that sends its query."""
    text, seconds = timed(
        [
            pgwright,
            "check",
            "--no-cache",
            "--format",
            "json",
            "--select",
            RULES,
            *project["arguments"],
            project["source"],
        ],
        ".",
    )
    root = project["source"].rstrip("/") + "/"
    found = []
    for one in json.loads(text)["diagnostics"]:
        places = [one, *(related for related in one["related"] if related["label"] == "sent from here")]
        lines = {
            (place["path"].removeprefix(root), line)
            for place in places
            for line in range(place["start"]["line"], place["end"]["line"] + 1)
        }
        found.append((one["path"].removeprefix(root), one["start"]["line"], lines))
    return found, seconds


def djch(project, programs):
    text, seconds = timed([str(programs / "djch"), "check"], project["source"])
    places = re.findall(r"^(?:\./)?(\S+?):(\d+):\d+: \[N\+1\]", text, re.MULTILINE)
    return [(file, int(line), {(file, int(line))}) for file, line in places], seconds


def orm_lens(project):
    text, seconds = timed(
        [sys.executable, "-m", "django_orm_lens", "nplusone", "--path", ".", "--format", "json"], project["source"]
    )
    found = []
    for one in json.loads(text):
        file, line = one["file"], one["line"]
        last = last_line(Path(project["source"]) / file, line)
        found.append((file, line, {(file, each) for each in range(line, last + 1)}))
    return found, seconds


def last_line(path, line):
    """Where the loop that begins on a line ends."""
    loops = (ast.For, ast.AsyncFor, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    ends = [node.end_lineno for node in nodes if isinstance(node, loops) and node.lineno == line]
    return max(ends, default=line)


def is_of_tests(file):
    return any(part in ("tests", "test") or part.startswith("test_") for part in file.removesuffix(".py").split("/"))


def row(*cells):
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def main():
    given = json.loads(sys.argv[1])
    load = os.getloadavg()[0]
    programs = Path(given["rivals"])
    verdicts = tomllib.loads(VERDICTS.read_text(encoding="utf-8"))
    recorded, listed, totals = [], [], {tool: Counter() for tool in TOOLS}
    for project in given["projects"]:
        name = project["name"]
        with lzma.open(project["truth"]) as file:
            recordings = json.load(file)
        truth = {(place["file"], place["line"]) for place in recordings}
        answers = {
            "pgwright": ours(project, given["pgwright"]),
            "djch": djch(project, programs),
            "django-orm-lens": orm_lens(project),
        }
        covered = {tool: set().union(*(lines for _, _, lines in found)) for tool, (found, _) in answers.items()}
        cells = []
        for tool, (found, seconds) in answers.items():
            product = [one for one in found if not is_of_tests(one[0])]
            totals[tool].update(places=len(truth & covered[tool]), findings=len(product), truth=len(truth))
            totals[tool].update(ms=round(seconds * 1000))
            cells += [len(truth & covered[tool]), len(product), f"{seconds:.1f} s"]
        recorded.append(row(name, len(truth), *cells))
        for tool in TOOLS[1:]:
            known = verdicts.get(tool, {}).get(name, {})
            for file, line, lines in sorted(answers[tool][0], key=lambda one: one[:2]):
                if is_of_tests(file):
                    continue
                verdict, _, why = known.get(f"{file}:{line}", "not read").partition(": ")
                totals[tool][verdict] += 1
                is_ours = bool(lines & covered["pgwright"])
                totals[tool]["right, not ours"] += verdict == "right" and not is_ours
                listed.append(row(tool, f"`{name}/{file}:{line}`", verdict, "yes" if is_ours else "no", why))
    all_of_us = totals["pgwright"]
    cells = [
        cell
        for tool in TOOLS
        for cell in (totals[tool]["places"], totals[tool]["findings"], f"{totals[tool]['ms'] / 1000:.1f} s")
    ]
    recorded.append(row("together", all_of_us["truth"], *cells))
    print(page(recorded, listed, totals, versions(programs), load))


def versions(programs):
    commands = [[str(programs / "djch")], [sys.executable, "-m", "django_orm_lens"]]
    said = [
        subprocess.run([*command, "--version"], capture_output=True, text=True, check=True).stdout.strip()
        for command in commands
    ]
    return " and ".join(f"`{one}`" for one in said)


def page(recorded, listed, totals, said, load):
    judged = [
        row(tool, totals[tool]["right"], totals[tool]["wrong"], totals[tool]["unsure"], totals[tool]["right, not ours"])
        for tool in TOOLS[1:]
    ]
    return "\n".join(
        [
            "# Side by side: N+1",
            "",
            "Written by `cargo xtask rivals`. Two other programs look for N+1 queries in Django code without running it: "
            f"{said}, both from PyPI, with their default settings.",
            "",
            "*Recorded* are places of the project's own code that sent one query per round of a loop while its tests ran on PostgreSQL. A place is",
            "found by a tool with a finding on its line; what `django-orm-lens` names is a loop, and every line of the loop counts for it. *Findings*",
            "are those outside tests. Times are those of one run each, one after the other, on the machine that wrote this page "
            f"({os.cpu_count()} cores, load {load:.1f} at the start);",
            "pgwright's includes reading the models of the project and its libraries and finding all its queries, which the others do not do.",
            "",
            row(
                "project", "recorded", *(f"{tool}: {what}" for tool in TOOLS for what in ("found", "findings", "time"))
            ),
            row(*["---"] + ["---:"] * 10),
            *recorded,
            "",
            "## The others' findings, read one by one",
            "",
            "Each was read beside the code: *right* where the loop sends a query per round for what the finding names (a write counts), *wrong* where it",
            "does not (the column is no relation, the relation is loaded before, it is assigned and not read), *unsure* where that depends on callers.",
            "The verdicts stand in `tests/corpus/rivals.toml`. *Not ours* are right ones on whose lines pgwright has no finding. How many of pgwright's own",
            "findings are right is not measured here: of those that no test run has reached nobody knows but who reads them.",
            "",
            row("tool", "right", "wrong", "unsure", "right, and not ours"),
            row("---", "---:", "---:", "---:", "---:"),
            *judged,
            "",
            row("tool", "finding", "verdict", "pgwright has one there", "why"),
            row(*["---"] * 5),
            *listed,
        ]
    )


main()
