"""Importing a statement of 100,000 rows, against bare reading and one bulk load of the same rows.

Bare: python-calamine reads the sheet and one executemany puts its cells into one table without an index.
Ours: `flask imports apply statement`, less a process that only starts and lists the specs. It is measured
twice: into an empty database, where every row makes an employer, an account, a handler, a fact, a stage with
its history, a timeline entry and a search row; and for the month after, where all are known and change.
Each runs in a process of its own, so that its time and its memory are its alone. The second month is
imported once more into a copy without what follows from it (`plain_import`): that tells what following costs.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from app.config import PROJECT
from tests.bench.figures import Figure
from tests.bench.statement_file import write_statement

ROWS = 100_000
LEAST_SHARE, MOST_MEGABYTES, MOST_FOLLOWING = 0.4, 300.0, 2.0
FLASK = (sys.executable, "-m", "flask", "--app", "wsgi")
PLAIN = (sys.executable, "-m", "tests.bench.plain_import", "--app", "wsgi")


class Run(NamedTuple):
    """Seconds on the clock, seconds of processors (children included), peak megabytes."""

    wall: float
    cpu: float
    megabytes: float


def measure() -> list[Figure]:
    """For each of the two months the share of the bare speed, and the peak memory of the import.

    Then how many times the plain import of the second month it takes with what follows from it.
    """
    folder = Path(tempfile.mkdtemp(prefix="jinnuo-bench-"))
    home, copy = ({"JINNUO_HOME": str(folder / name), "DEMO": "0"} for name in ("home", "copy"))
    try:
        _run([*FLASK, "db", "upgrade"], home)
        started = _run([*FLASK, "imports", "specs"], home)
        runs = {"first, all new": _month(folder, home, 9, "2026-09-30")}
        shutil.copytree(folder / "home", folder / "copy")
        runs["next month, all known"] = _month(folder, home, 10, "2026-10-31")
        plain = _imported(folder, copy, 10, "2026-10-31", PLAIN)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    figures = []
    for name, (bare, ours) in runs.items():
        wall, cpu = ours.wall - started.wall, ours.cpu - started.cpu
        detail = f"bare {bare.wall:.1f} s, ours {wall:.1f} s; processor time {bare.cpu:.1f} s and {cpu:.1f} s"
        figures += [
            Figure(
                f"statement, {name}: share of bare speed", bare.wall / wall, LEAST_SHARE, "x", True, detail
            ),
            Figure(f"statement, {name}: peak memory", ours.megabytes, MOST_MEGABYTES, " MB"),
        ]
    whole = runs["next month, all known"][1]
    detail = f"on the clock {whole.wall - started.wall:.1f} s and {plain.wall - started.wall:.1f} s plain"
    times = (whole.cpu - started.cpu) / (plain.cpu - started.cpu)
    name = "statement, next month: with arrears to plain, processor time"
    return [*figures, Figure(name, times, MOST_FOLLOWING, "x", detail=detail)]


def _month(folder: Path, home: dict[str, str], month: int, as_of: str) -> tuple[Run, Run]:
    """The bare load of a month's file (the median of three) and our import of it."""
    file = _file(folder, month)
    write_statement(file, ROWS, month)
    loads = [
        _run(
            [sys.executable, "-m", "tests.bench.bare_load", str(file), str(folder / f"bare{month}{n}.db")], {}
        )
        for n in range(3)
    ]
    bare = sorted(loads, key=lambda run: run.wall)[1]
    return bare, _imported(folder, home, month, as_of, FLASK)


def _imported(folder: Path, home: dict[str, str], month: int, as_of: str, flask: Sequence[str]) -> Run:
    file = _file(folder, month)
    return _run([*flask, "imports", "apply", "statement", str(file), "--as-of", as_of, "--json"], home)


def _file(folder: Path, month: int) -> Path:
    return folder / f"statement_2026-{month:02d}.xlsx"


def _run(command: list[str], more: dict[str, str]) -> Run:
    """A command from its start to its end."""
    begun = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=PROJECT,
        env=os.environ | more,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    said = process.stdout.read() if process.stdout else ""
    _, status, usage = os.wait4(process.pid, 0)
    taken = time.perf_counter() - begun
    if status:
        raise RuntimeError(f"{' '.join(command)} failed: {said}")
    return Run(taken, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
