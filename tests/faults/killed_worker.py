"""Importing a statement with a worker that is killed again and again, beside an undisturbed import of it.

`python -m tests.faults.killed_worker 100000` does it with a large file, as `docs/benchmarks.md` tells.
"""

import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from random import Random

from flask import Flask
from sqlalchemy import Table, func, select, update

from app import create_app
from app.accounts.queries import root_branch
from app.contributions.models import ContributionFact
from app.core.clock import now
from app.core.db import db, writing
from app.core.periods import Period
from app.employers.models import Employer
from app.imports import jobs, queries, services
from app.imports.models import BUSY, ImportBatch, ImportRow
from tests.bench.statement_file import write_statement
from tests.processes import Started, start_script

WORKER = textwrap.dedent(
    """
    import sys
    from app import create_app
    from app.imports import jobs
    app = create_app()
    with app.app_context():
        jobs.run_batch(int(sys.argv[1]))
    """
)


def receive(folder: Path, rows: int, month: int) -> int:
    """The id of a batch that applies a month of 2026, not yet begun."""
    file = folder / f"statement_2026-{month:02d}.xlsx"
    if not file.exists():
        write_statement(file, rows, month)
    period = Period(2026, month)
    with writing(), file.open("rb") as stream:
        batch = services.receive(
            queries.spec_named("statement"),
            stream,
            file.name,
            None,
            branch=root_branch(),
            as_of=period.last_day,
            period=period,
            apply=True,
        )
        batch_id = batch.id
        db.session.commit()
    return batch_id


def run(app: Flask, batch_id: int, kills: int, random: Random) -> int:
    """Workers of their own apply the batch and die by SIGKILL in the middle; this process does the rest.

    Gives how many of them died while there was work left.
    """
    died = 0
    for _ in range(kills):
        before = progress(batch_id)[1]
        with worker(app, batch_id) as process:
            while process.poll() is None and progress(batch_id)[1] == before:
                time.sleep(0.02)
            time.sleep(random.uniform(0, 0.2))
            process.send_signal(signal.SIGKILL)
        state, _done = progress(batch_id)
        died += state in BUSY
        with writing():
            db.session.execute(update(ImportBatch).values(lease_until=now() - timedelta(seconds=1)))
            db.session.commit()
    jobs.run_batch(batch_id)
    return died


@contextmanager
def worker(app: Flask, batch_id: int) -> Iterator[Started]:
    settings = app.extensions["jinnuo.settings"]
    own = {"JINNUO_HOME": str(settings.home), "DATABASE_URL": settings.database_url}
    environment = {**os.environ, **own, "SECRET_KEY": settings.secret_key}
    process = start_script(WORKER, str(batch_id), environment=environment)
    try:
        yield process
    finally:
        process.wait()


def progress(batch_id: int) -> tuple[str, int]:
    """The batch's state, and how many rows are done."""
    query = select(ImportBatch.state, ImportBatch.done).where(ImportBatch.id == batch_id)
    state, done = db.session.execute(query).one()
    db.session.rollback()
    return state, done


def found() -> dict[str, object]:
    """What is there: the rows of each table, and what the employers, their facts and the batches say."""
    counts = {table.name: _count(table) for table in db.metadata.sorted_tables}
    employers = select(Employer.uscc, Employer.name, Employer.heads, Employer.stage, Employer.paid_through)
    facts = select(
        ContributionFact.employer_id,
        ContributionFact.period,
        ContributionFact.version,
        ContributionFact.heads,
    )
    batches = select(
        ImportBatch.state, ImportBatch.done, ImportBatch.new, ImportBatch.changed, ImportBatch.unchanged
    )
    rows = select(ImportRow.batch_id, ImportRow.number, ImportRow.outcome, ImportRow.key)
    everything = {
        name: sorted(map(str, db.session.execute(query)))
        for name, query in {"who": employers, "facts": facts, "batches": batches, "rows": rows}.items()
    }
    db.session.rollback()
    return {**counts, **everything}


def _count(table: Table) -> int:
    return db.session.scalar(select(func.count()).select_from(table)) or 0


def main(rows: int, kills: int = 5) -> None:
    """Two months into a home of their own, once undisturbed and once with killed workers."""
    seen = []
    for disturbed in (0, kills):
        with tempfile.TemporaryDirectory(prefix="jinnuo-killed-") as folder:
            os.environ["JINNUO_HOME"] = str(Path(folder) / "home")
            subprocess.run([sys.executable, "-m", "flask", "--app", "wsgi", "db", "upgrade"], check=True)
            app = create_app()
            with app.app_context():
                died = [
                    run(app, receive(Path(folder), rows, month), disturbed, Random(7)) for month in (9, 10)
                ]
                seen.append(found())
            print(f"{rows} rows, workers killed in the middle: {died}")  # noqa: T201
    same = [name for name in seen[0] if seen[0][name] == seen[1][name]]
    print(f"{len(same)} of {len(seen[0])} comparisons are equal")  # noqa: T201
    print({name: count for name, count in seen[1].items() if isinstance(count, int) and count})  # noqa: T201


if __name__ == "__main__":
    main(int(sys.argv[1]))
