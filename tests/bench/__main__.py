"""`make bench`: every figure, one after the other; `python -m tests.bench pages` runs one."""

import sys
from collections.abc import Callable

from tests.bench import letters, pages, planning, sizes, sms, starting, statement
from tests.bench.figures import Figure

BENCHES: dict[str, Callable[[], list[Figure]]] = {
    "pages": pages.measure,
    "statement": statement.measure,
    "sms": sms.measure,
    "letters": letters.measure,
    "planning": planning.measure,
    "starting": starting.measure,
    "sizes": sizes.measure,
}


def main(chosen: list[str]) -> int:
    """Prints each figure with its goal; the exit code is 1 when a goal was missed."""
    missed = 0
    for name in chosen or list(BENCHES):
        print(f"# {name}", flush=True)  # noqa: T201 - this is what a bench is for
        for figure in BENCHES[name]():
            missed += not figure.reached
            print(figure, flush=True)  # noqa: T201
    return 1 if missed else 0


sys.exit(main(sys.argv[1:]))
