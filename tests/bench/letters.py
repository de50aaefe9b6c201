"""10,000 letters of a campaign through the ledger, against bare typst that sets the same letters.

Bare: one process sets as many letters as a sheaf holds, again and again, and throws the documents away.
Ours: a worker claims, numbers, sets, archives and records; the peak of memory is its largest process's.
`BENCH_LETTERS=2000` takes fewer.
"""

import os
import resource
import subprocess
import sys
import tempfile
import textwrap
import time

from sqlalchemy import func, insert, select

from app import create_app
from app.config import Settings
from app.core.clock import now
from app.core.db import db, writing
from app.core.permissions import Role
from app.core.rules.legal import seed_legal_basis
from app.employers.models import Employer, Stage
from campaigns.channels.letter.issued.models import Letter
from campaigns.channels.letter.policy import CHUNK
from campaigns.channels.letter.queries import document
from campaigns.ledger.services import controlling
from tests.bench.figures import Figure
from tests.campaigns.letters.posting import GIVEN, approved
from tests.campaigns.sending import plan
from tests.factories import create_branch, create_user, seed_outlines

LEAST_SHARE, MOST_MEGABYTES = 0.7, 400

WORKER = textwrap.dedent(
    """
    import resource, sys
    from app import create_app
    from app.core.db import db, writing
    from campaigns.ledger.letters.jobs import make_letters
    app = create_app()
    with app.app_context(), writing():
        make_letters(int(sys.argv[1]), seconds=3600)
        db.session.commit()
    peaks = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    print(max(peaks))
    """
)


def measure() -> list[Figure]:
    """The share of bare typst's speed, by processor time and by the clock, and the peak of memory."""
    many = int(os.environ.get("BENCH_LETTERS", "10000"))
    with tempfile.TemporaryDirectory(prefix="jinnuo-bench-") as folder:
        os.environ["JINNUO_HOME"] = folder
        app = create_app(Settings.from_environment(os.environ))
        with app.app_context(), writing():
            db.create_all()
            campaign_id = _prepare(many)
            begun, processor = time.perf_counter(), _children()
            peak = int(_work(campaign_id)) / 1024
            ours, our_processor = time.perf_counter() - begun, _children() - processor
            made = db.session.scalar(select(func.count()).where(Letter.sheaf_id.is_not(None)))
            letters = list(db.session.scalars(select(Letter.data).order_by(Letter.serial)))
            db.session.commit()
            begun, processor = time.perf_counter(), _children()
            for first in range(0, len(letters), CHUNK):
                document(letters[first : first + CHUNK])
            bare, bare_processor = time.perf_counter() - begun, _children() - processor
            db.session.remove()
            db.engine.dispose()
    if made != many:
        raise ValueError(f"{made} of {many} letters were made")
    detail = f"bare {bare:.1f} s, ours {ours:.1f} s; processor {bare_processor:.1f} s, {our_processor:.1f} s"
    return [
        Figure(f"{many:,} letters: share of bare typst", bare / ours, LEAST_SHARE, "x", True, detail),
        Figure("the same, of processor time", bare_processor / our_processor, LEAST_SHARE, "x", True),
        Figure("memory of the largest process", peak, MOST_MEGABYTES, " MB"),
    ]


def _prepare(many: int) -> int:
    """An approved and planned campaign to so many employers."""
    seed_outlines()
    seed_legal_basis()
    author = create_user(Role.MANAGER, branch=create_branch(name="滨海管理部"))
    rows = [
        {
            "name": f"滨海{n}号公司", "name_key": f"滨海{n}号公司", "branch_id": author.branch_id,
            "address": f"港区路{n}号", "employer_account_no": f"12{n:08d}", "stage": Stage.CONTRIBUTING,
            "stage_since": now(), "source": "registry", "eligible": True, "arrears_months": 0,
        }
        for n in range(many)
    ]  # fmt: skip
    db.session.execute(insert(Employer), rows)
    campaign = approved(author, given={**GIVEN, "handler": "王小明"})
    controlling.launch(campaign.id, None)
    plan(campaign)
    campaign_id = campaign.id
    # the worker needs the writer's place
    db.session.commit()
    return campaign_id


def _work(campaign_id: int) -> str:
    """A worker of its own makes all letters; gives its peak in kilobytes."""
    command = [sys.executable, "-c", WORKER, str(campaign_id)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1]


def _children() -> float:
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime
