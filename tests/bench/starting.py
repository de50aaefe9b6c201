"""From a clean clone to a served page, and the later starts, with `make run` as a newcomer types it."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from app.config import PROJECT
from tests.bench.figures import Figure
from tests.runtime.instance import environment

FIRST, LATER = 90.0, 8.0


def measure() -> list[Figure]:
    """Seconds until the address is printed, which is after the first page was served."""
    folder = Path(tempfile.mkdtemp(prefix="jinnuo-bench-"))
    try:
        clone = folder / "clone"
        subprocess.run(["git", "clone", "-q", str(PROJECT), str(clone)], check=True)
        env = environment(folder / "home", DEMO="1")
        first = _start(clone, env)
        later = max(_start(clone, env) for _ in range(3))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return [
        Figure("first `make run`, warm package cache", first, FIRST, " s"),
        Figure("later `make run`, slowest of three", later, LATER, " s"),
    ]


def _start(clone: Path, env: dict[str, str]) -> float:
    begun = time.perf_counter()
    process = subprocess.Popen(
        ["make", "run"], cwd=clone, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    said: list[str] = []
    for line in process.stdout or ():
        said.append(line)
        if "is served at" in line:
            break
    taken = time.perf_counter() - begun
    if process.poll() is not None:
        raise RuntimeError("".join(said))
    os.kill(process.pid, signal.SIGTERM)
    process.communicate(timeout=60)
    return taken
