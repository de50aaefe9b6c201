import asyncio
import os
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import psutil
import pytest

from app.core.language.i18n import console_words
from app.core.runtime.forked import CAN_FORK
from app.core.runtime.supervisor import NotReadyError, Service, Supervisor
from tests.waiting import wait_until


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-u", "-c", code)


def supervise(
    services: list[Service],
    folder: Path,
    then: Callable[[Supervisor], None],
    ready_seconds: float = 120,
    chinese: bool = False,
) -> list[str]:
    """Run services, do ``then`` in a thread once they are started, and give what was said."""
    said: list[str] = []
    supervisor = Supervisor(
        services, folder / "logs", folder, said.append, console_words(chinese), ready_seconds
    )

    async def run() -> None:
        loop = asyncio.get_running_loop()

        def act() -> None:
            try:
                then(supervisor)
            finally:
                loop.call_soon_threadsafe(supervisor.stop)

        tasks: list[asyncio.Future[None]] = []
        await supervisor.run(lambda: tasks.append(loop.run_in_executor(None, act)))
        for task in tasks:
            await task

    asyncio.run(run())
    return said


def lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def test_what_dies_is_started_again_with_growing_pauses(tmp_path: Path) -> None:
    starts = tmp_path / "starts"
    code = f"import time; open({str(starts)!r}, 'a').write(f'{{time.time()}}\\n'); raise SystemExit(3)"
    said = supervise(
        [Service("weak", python(code))], tmp_path, lambda _: wait_until(lambda: len(lines(starts)) == 4)
    )
    assert "weak ended (status 3); starting it again" in said
    times = [float(line) for line in lines(starts)]
    pauses = [after - before for before, after in pairwise(times)]
    assert pauses[0] >= 0.5
    assert pauses[1] >= 1
    assert pauses[2] >= 2


def test_a_chinese_terminal_is_told_of_an_end_in_chinese(tmp_path: Path) -> None:
    ended = tmp_path / "logs" / "weak.log"
    said = supervise(
        [Service("weak", python("print('here'); raise SystemExit(3)"))],
        tmp_path,
        lambda _: wait_until(lambda: len(lines(ended)) >= 2),
        chinese=True,
    )
    assert said[0] == "weak 已结束（状态 3），正在重新启动"


def test_the_next_service_starts_only_when_the_one_before_is_ready(tmp_path: Path) -> None:
    sign = tmp_path / "sign"
    first = f"import time; time.sleep(0.5); open({str(sign)!r}, 'w').close(); time.sleep(60)"
    second = f"import os, time; print('ready' if os.path.exists({str(sign)!r}) else 'early'); time.sleep(60)"
    log = tmp_path / "logs" / "second.log"
    supervise(
        [Service("first", python(first), ready=sign.exists), Service("second", python(second))],
        tmp_path,
        lambda _: wait_until(lambda: lines(log)),
    )
    assert [line.rpartition("| ")[2] for line in lines(log)] == ["ready"]


def test_a_service_that_never_gets_ready_ends_the_start_and_is_named(tmp_path: Path) -> None:
    sleeper = python(
        f"import os, time; open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    )
    with pytest.raises(NotReadyError, match=r"slow did not start .*slow\.log"):
        supervise(
            [Service("slow", sleeper, ready=lambda: False)], tmp_path, lambda _: None, ready_seconds=1.5
        )
    assert not psutil.pid_exists(int((tmp_path / "pid").read_text(encoding="ascii")))


def test_a_service_that_will_not_stop_is_killed_with_all_it_started(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    code = (
        "import os, signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        f"open({str(pids)!r}, 'w').write(f'{{os.getpid()}}\\n{{child.pid}}\\n')\n"
        "time.sleep(60)\n"
    )
    said = supervise(
        [Service("stubborn", python(code), grace=0.5)],
        tmp_path,
        lambda _: wait_until(lambda: len(lines(pids)) == 2),
    )
    assert "stubborn did not stop within 0.5 s: killed" in said
    wait_until(lambda: not any(_alive(int(pid)) for pid in lines(pids)))


def _alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_the_first_service_stops_last_because_the_others_need_it(tmp_path: Path) -> None:
    ends = tmp_path / "ends"

    def ending(name: str, seconds: float) -> Service:
        code = (
            "import signal, sys, time\n"
            "def end(*_):\n"
            f"    time.sleep({seconds}); open({str(ends)!r}, 'a').write('{name}\\n'); sys.exit()\n"
            "signal.signal(signal.SIGTERM, end)\n"
            "print('ready')\n"
            "time.sleep(60)\n"
        )
        return Service(name, python(code))

    services = [ending("store", 0), ending("worker", 0.7), ending("web", 0.1)]
    logs = [tmp_path / "logs" / f"{service.name}.log" for service in services]
    supervise(services, tmp_path, lambda _: wait_until(lambda: all(lines(log) for log in logs)))
    assert lines(ends) == ["web", "worker", "store"]


def test_warnings_are_shown_and_everything_is_logged(tmp_path: Path) -> None:
    texts = ["'all is well'", "'WARNING: disk'", "'WARNING: known'", "'x' * 200000", "'after'"]
    code = "import time\n" + "\n".join(f"print({text})" for text in texts) + "\ntime.sleep(60)"
    log = tmp_path / "logs" / "chatty.log"
    said = supervise(
        [Service("chatty", python(code), harmless=("known",))],
        tmp_path,
        lambda _: wait_until(lambda: any(line.endswith("| after") for line in lines(log))),
    )
    assert said == ["chatty | WARNING: disk"]
    assert [line.rpartition("chatty | ")[2][:20] for line in lines(log)][:3] == [
        "all is well",
        "WARNING: disk",
        "WARNING: known",
    ]


@pytest.mark.skipif(not CAN_FORK, reason="services are forked on Linux only")
def test_a_forked_service_is_logged_restarted_and_stopped_like_any_other(tmp_path: Path) -> None:
    pids = tmp_path / "pids"

    def live() -> None:
        sys.stdout.write(f"WARNING: here {os.getpid()}\n")
        with pids.open("a", encoding="ascii") as file:
            file.write(f"{os.getpid()}\n")
        time.sleep(60)

    def kill_the_first(_: Supervisor) -> None:
        wait_until(lambda: len(lines(pids)) == 1)
        first = psutil.Process(int(lines(pids)[0]))
        assert first.name() == "copy"
        assert os.getsid(first.pid) == first.pid
        first.kill()
        wait_until(lambda: len(lines(tmp_path / "logs" / "copy.log")) == 2)

    said = supervise([Service("copy", python("raise SystemExit(9)"), run=live)], tmp_path, kill_the_first)
    first, second = lines(pids)
    assert said == [
        f"copy | WARNING: here {first}",
        "copy ended (SIGKILL); starting it again",
        f"copy | WARNING: here {second}",
    ]
    assert not psutil.pid_exists(int(second))


@pytest.mark.skipif(not CAN_FORK, reason="services are forked on Linux only")
def test_a_forked_service_that_fails_says_why_in_its_log(tmp_path: Path) -> None:
    def fail() -> None:
        raise RuntimeError("no such thing")

    log = tmp_path / "logs" / "broken.log"

    def failed_twice() -> bool:
        # the first failure is logged before anybody notices the end
        return sum("RuntimeError: no such thing" in line for line in lines(log)) >= 2

    said = supervise([Service("broken", python(""), run=fail)], tmp_path, lambda _: wait_until(failed_twice))
    assert "broken ended (status 1); starting it again" in said
