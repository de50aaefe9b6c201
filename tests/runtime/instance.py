"""A real `flask up` in a folder of its own, watched from outside."""

import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from app.config import PROJECT
from tests.ports import free_port
from tests.processes import run_flask
from tests.waiting import wait_until

COMMAND = (sys.executable, "-u", "-m", "flask", "--app", "wsgi", "up")


def environment(home: Path, **settings: str) -> dict[str, str]:
    """The environment of an instance in ``home``: no demo data, free ports, nothing of the tester's own."""
    ours = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "DEMO", "PORT")
    kept = {k: v for k, v in os.environ.items() if k not in ours and not k.startswith("JINNUO_")}
    chosen = {"PORT": str(free_port()), "JINNUO_GATEWAY_PORT": str(free_port()), "DEMO": "0"} | settings
    return kept | {"JINNUO_HOME": str(home), "LC_ALL": "C.UTF-8"} | chosen


class Instance:
    """A started product."""

    def __init__(self, process: "subprocess.Popen[str]", env: dict[str, str], home: Path, tree: Path) -> None:
        self.process = process
        #: the checkout it runs from
        self.tree = tree
        self.env = env
        self.port = int(env["PORT"])
        self.home = home

    def get(self, path: str) -> tuple[int, str]:
        """Status and body of a page; status 0 while nobody answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read().decode()
        except OSError:
            return 0, ""
        finally:
            connection.close()

    def is_ready(self) -> bool:
        return self.get("/readyz")[0] == http.HTTPStatus.OK

    def checks(self) -> dict[str, str]:
        checks: dict[str, str] = json.loads(self.get("/readyz")[1])["checks"]
        return checks

    def family(self) -> list[psutil.Process]:
        """Every process that the supervisor has started, and those started by them."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def services(self, name: str) -> list[psutil.Process]:
        """The direct children that are called so, a number at the end left aside."""
        children = psutil.Process(self.process.pid).children()
        return [child for child in children if _program(child).rstrip("-0123456789") == name]

    def output(self) -> str:
        return (self.home / "console").read_text(encoding="utf-8")


def _program(process: psutil.Process) -> str:
    try:
        return process.name()
    except psutil.Error:
        return ""


def checkout(folder: Path) -> Path:
    """The project in a folder of its own, with its virtual environment: nothing has to be installed."""
    not_ours = shutil.ignore_patterns(".*", "docs", "tests", "var")
    shutil.copytree(PROJECT, folder, ignore=not_ours)
    (folder / ".venv").mkdir()
    for name in ("bin", "lib", "pyvenv.cfg"):
        (folder / ".venv" / name).symlink_to(Path(sys.prefix) / name)
    (folder / ".venv" / ".installed").touch()
    return folder


@contextmanager
def running(
    home: Path, command: tuple[str, ...] = COMMAND, tree: Path = PROJECT, **settings: str
) -> Iterator[Instance]:
    """Start the product, wait until it is ready, and stop it afterwards."""
    home.mkdir(exist_ok=True)
    env = environment(home, **settings)
    with (home / "console").open("w", encoding="utf-8") as console:
        process = subprocess.Popen(
            command, cwd=tree, env=env, stdout=console, stderr=subprocess.STDOUT, text=True
        )
    instance = Instance(process, env, home, tree)
    family: list[psutil.Process] = []
    try:
        # the last that a start says
        wait_until(lambda: process.poll() is not None or "Instance folder:" in instance.output(), seconds=420)
        assert process.poll() is None, instance.output()
        wait_until(instance.is_ready)
        family = instance.family()
        yield instance
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=180)
        for left in family:
            if left.is_running():
                left.kill()


def refused(home: Path, under: tuple[str, ...] = (), **settings: str) -> str:
    """What the product says when it does not start; fails if it starts or shows a traceback.

    ``under`` is what its command is started by.
    """
    chosen = environment(home, **settings)
    if under:
        line = (*under, *COMMAND)
        result = subprocess.run(line, cwd=PROJECT, env=chosen, capture_output=True, text=True, timeout=180)
        status, said = result.returncode, (result.stdout + result.stderr).strip()
    else:
        status, said = run_flask("up", environment=chosen)
        said = said.strip()
    assert status == 1, said
    assert "Traceback" not in said
    assert len(said.splitlines()) == 1, said
    return said
