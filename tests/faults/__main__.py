"""`make faults`: the full set of bad days and its figures; `python -m tests.faults kill --runs 5`: some."""

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack

from tests.faults.generator import KINDS, Run, a_database, an_office, disturbed
from tests.postgresql import a_server

PEOPLE = 2_000
#: Runs in one office: with each it has more to look through.
SHIFT = 25
RUNS = {"kill": 200, "redis": 20, "gateway": 40, "database": 10}


def main() -> int:
    """Runs each kind, prints a line for every run and one of figures for the kind; 1 if a run failed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("kinds", nargs="*", choices=[*KINDS, []])
    parser.add_argument("--runs", type=int, help="instead of the full number")
    parser.add_argument("--seed", type=int, default=0, help="number of the first run")
    chosen = parser.parse_args()
    failed = 0
    for kind in chosen.kinds or KINDS:
        failed += _kind(kind, chosen.seed, chosen.runs or RUNS[kind])
    return 1 if failed else 0


def _kind(kind: str, seed: int, count: int) -> int:
    runs: list[Run] = []
    failed = 0
    with ExitStack() as stack:
        server = stack.enter_context(a_server()) if kind == "database" else None
        if kind == "database" and server is None:
            _say("database: PostgreSQL is not installed here, not run")
            return 0
        numbers = range(seed, seed + count)
        for first in range(0, count, SHIFT):
            failed += _shift(kind, numbers[first : first + SHIFT], server, runs)
    _say(f"{kind}: {_figures(runs)}, failed {failed}")
    return failed


def _shift(kind: str, numbers: Sequence[int], server: str | None, runs: list[Run]) -> int:
    """Some runs in one office; how many failed."""
    failed = 0
    with ExitStack() as stack:
        office = stack.enter_context(an_office(stack.enter_context(a_database(server)) if server else None))
        for number in numbers:
            try:
                runs.append(disturbed(office, kind, number, PEOPLE))
                _say(f"{kind} {number}: {runs[-1].blow}, {runs[-1].seconds:.0f} s")
            except AssertionError as error:
                failed += 1
                _say(f"FAILED {kind} {number}: {error}")
    return failed


def _figures(runs: list[Run]) -> str:
    blows = ", ".join(f"{name} {times}" for name, times in sorted(Counter(r.blow for r in runs).items()))
    told = {
        "runs": len(runs),
        "in mid-campaign": sum(run.midway for run in runs),
        "messages": len(runs) * PEOPLE,
        "in hand or in doubt after the blow": sum(run.doubted for run in runs),
        "never handed over, left to an officer": sum(run.explained for run in runs),
        "handed over again under a promised key": sum(run.repeats for run in runs),
        "seconds": round(sum(run.seconds for run in runs)),
    }
    shown = blows if len(blows) < 200 else f"{len({run.blow for run in runs})} mixtures"
    return ", ".join(f"{name} {value}" for name, value in told.items()) + f" ({shown})"


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - these are the figures


if __name__ == "__main__":
    sys.exit(main())
