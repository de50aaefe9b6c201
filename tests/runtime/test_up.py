import os
import shutil
import socket
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.ports import free_port
from tests.runtime.instance import Instance, refused, running
from tests.waiting import wait_until


@pytest.fixture(scope="module")
def instance() -> Iterator[Instance]:
    # A short path: a Unix socket lies under it.
    with (
        tempfile.TemporaryDirectory(prefix="jinnuo-up-") as folder,
        running(Path(folder) / "home") as started,
    ):
        yield started


def test_the_product_is_served_and_says_where(instance: Instance) -> None:
    assert instance.get("/healthz") == (200, '{"status":"ok"}\n')
    assert instance.checks() == {"database": "ok", "migrations": "ok", "redis": "ok"}
    assert f"http://127.0.0.1:{instance.port}" in instance.output()


def test_an_empty_start_makes_one_administrator_and_prints_the_password_once(instance: Instance) -> None:
    said = instance.output()
    assert "First administrator: admin" in said
    assert said.count("One-time password:") == 1
    password = said.split("One-time password:")[1].split()[0]
    assert len(password) >= 12


def test_every_process_of_the_machine_runs(instance: Instance) -> None:
    wait_until(lambda: len(instance.services("worker")) == 2)
    for name in ("web", "scheduler", "gateway", "valkey-server"):
        assert len(instance.services(name)) == 1, name
    assert len(instance.services("web")[0].children()) == 2


def test_secret_and_data_are_for_the_owner_only(instance: Instance) -> None:
    assert stat.S_IMODE((instance.home / "secret_key").stat().st_mode) == 0o600
    assert stat.S_IMODE((instance.home / "valkey.sock").stat().st_mode) == 0o700


def test_a_second_instance_on_the_folder_is_refused_and_harms_nothing(instance: Instance) -> None:
    said = refused(instance.home)
    assert "already running" in said
    assert str(instance.process.pid) in said
    assert instance.is_ready()


def test_a_taken_port_is_refused(instance: Instance, tmp_path: Path) -> None:
    said = refused(tmp_path, PORT=str(instance.port))
    assert f"Port {instance.port} is taken" in said


@pytest.mark.parametrize("name", ["worker", "scheduler", "gateway"])
def test_a_killed_process_is_started_again(instance: Instance, name: str) -> None:
    wait_until(lambda: instance.services(name))
    victim, *others = instance.services(name)
    victim.kill()
    wait_until(lambda: len([s for s in instance.services(name) if s.pid != victim.pid]) == len(others) + 1)


def test_a_killed_web_server_takes_its_workers_with_it_and_serves_again(instance: Instance) -> None:
    (master,) = instance.services("web")
    workers = master.children()
    master.kill()
    wait_until(lambda: not any(worker.is_running() for worker in workers))
    wait_until(instance.is_ready)


def test_a_killed_web_worker_is_replaced(instance: Instance) -> None:
    (master,) = instance.services("web")
    wait_until(lambda: len(master.children()) == 2)
    victim = master.children()[0]
    victim.kill()
    wait_until(lambda: len([c for c in master.children() if c.pid != victim.pid]) == 2)
    wait_until(instance.is_ready)


def test_a_killed_valkey_comes_back(instance: Instance) -> None:
    (server,) = instance.services("valkey-server")
    server.kill()
    wait_until(lambda: instance.services("valkey-server") not in ([], [server]))
    wait_until(instance.is_ready)


def test_logs_have_a_file_for_each_process(instance: Instance) -> None:
    names = {path.stem for path in (instance.home / "logs").glob("*.log")}
    assert names >= {"valkey", "web", "gateway", "scheduler", "worker-1", "worker-2"}
    assert "web | [INFO] Listening at" in (instance.home / "logs" / "web.log").read_text(encoding="utf-8")


def test_terminating_it_stops_everything_and_the_folder_starts_again() -> None:
    with tempfile.TemporaryDirectory(prefix="jinnuo-stop-") as folder:
        home = Path(folder) / "home"
        with running(home) as first:
            wait_until(lambda: len(first.family()) >= 7)
            family = first.family()
            first.process.terminate()
            assert first.process.wait(timeout=120) == 0
            assert [process for process in family if process.is_running()] == []
            assert "Stopped." in first.output()
        secret = (home / "secret_key").read_text(encoding="ascii")
        with running(home) as second:
            assert (home / "secret_key").read_text(encoding="ascii") == secret
            assert "One-time password" not in second.output()
            survivors = second.family()
            second.process.kill()
            second.process.wait(timeout=120)
            psutil.wait_procs(survivors, timeout=120)
            assert [process for process in survivors if process.is_running()] == []


def test_a_taken_simulator_port_is_refused(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1]
        assert f"Port {number} is taken" in refused(tmp_path, JINNUO_GATEWAY_PORT=str(number))


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="ascii")
    assert "JINNUO_HOME" in refused(tmp_path / "file" / "home")
    assert "JINNUO_HOME" in refused(Path("/proc/jinnuo"))


@pytest.mark.parametrize("used", [False, True])
def test_a_folder_that_can_only_be_read_is_refused_and_keeps_what_it_holds(
    tmp_path: Path, used: bool
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    if used:
        (home / "secret_key").write_text("x" * 48, encoding="ascii")
        (home / "secret_key").chmod(0o600)
    before = sorted(home.iterdir())
    said = refused(home, read_only(home))
    assert str(home) in said
    assert "JINNUO_HOME" in said
    assert sorted(home.iterdir()) == before


def read_only(home: Path) -> tuple[str, ...]:
    """By which a command finds the folder read-only. Modes do not bind root, a mount does."""
    if os.geteuid() != 0:
        home.chmod(0o500)
        return ()
    bind = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"'
    under = ("unshare", "--mount", "sh", "-c", bind, str(home))
    if shutil.which("unshare") is None or subprocess.run([*under, "true"], capture_output=True).returncode:
        pytest.skip("root may not mount here, and a mode does not bind it: read-only folders are not tested")
    return under


def test_a_path_too_long_for_a_socket_is_refused(tmp_path: Path) -> None:
    assert "too long for a socket" in refused(tmp_path / ("long-" * 20))


def test_servers_that_do_not_answer_are_refused(tmp_path: Path) -> None:
    nobody = free_port()
    assert "Redis" in refused(tmp_path, REDIS_URL=f"redis://127.0.0.1:{nobody}/0")
    said = refused(tmp_path, DATABASE_URL=f"postgresql://nobody:hidden@127.0.0.1:{nobody}/none")
    assert "database cannot be used" in said
    assert "hidden" not in said


@pytest.mark.parametrize(
    ("name", "value"),
    [("PORT", "eighty"), ("DEMO", "perhaps"), ("DATABASE_URL", "mysql://x"), ("SECRET_KEY", "x")],
)
def test_a_wrong_setting_is_one_sentence_that_names_it(tmp_path: Path, name: str, value: str) -> None:
    assert name in refused(tmp_path, (), **{name: value})
