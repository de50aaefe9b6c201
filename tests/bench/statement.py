"""Importing a statement of 100,000 rows, against bare reading and one bulk load of the same rows.

Each runs in a process of its own, so that its time and its memory are its alone.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from app.config import PROJECT
from tests.bench.figures import Figure
from tests.bench.statement_file import write_statement

ROWS = 100_000
LEAST_SHARE, MOST_MEGABYTES = 0.4, 300.0


def measure() -> list[Figure]:
    """The share of the bare speed, and the peak memory of the importing process."""
    folder = Path(tempfile.mkdtemp(prefix="jinnuo-bench-"))
    try:
        file = folder / "statement_2026-10.xlsx"
        write_statement(file, ROWS)
        bare, _ = _run(
            [sys.executable, "-m", "tests.bench.bare_load", str(file), str(folder / "bare.db")], {}
        )
        home = {"JINNUO_HOME": str(folder / "home"), "DEMO": "0"}
        flask = [sys.executable, "-m", "flask", "--app", "wsgi"]
        _run([*flask, "db", "upgrade"], home)
        started, _ = _run([*flask, "imports", "specs"], home)
        command = [*flask, "imports", "apply", "statement", str(file), "--as-of", "2026-10-31", "--json"]
        ours, megabytes = _run(command, home)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    seconds = ours - started  # both sides without starting Python and the application
    detail = f"bare {bare:.1f} s, ours {seconds:.1f} s"
    return [
        Figure(
            "statement, 100,000 rows: share of bare speed", bare / seconds, LEAST_SHARE, "x", True, detail
        ),
        Figure("statement, 100,000 rows: peak memory", megabytes, MOST_MEGABYTES, " MB"),
    ]


def _run(command: list[str], more: dict[str, str]) -> tuple[float, float]:
    """Seconds and peak megabytes of a command; one that times itself prints JSON with `seconds`."""
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
    if said.startswith("{"):
        taken = json.loads(said).get("seconds", taken)
    return taken, usage.ru_maxrss / 1024
