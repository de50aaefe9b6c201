"""The ledger of the synthetic department: who stands there, since when, and who left it in the last year."""

from datetime import date, timedelta
from random import Random
from typing import Any

from sqlalchemy import func, insert, select, update

from app.core.db import db
from app.core.demo import SEED, Demo
from app.core.timeline import TimelineEntry
from app.employers.models import Employer, Stage
from app.leads.ledger.models import Lead, Left
from app.leads.ledger.services import PAID, WITH_ACCOUNT, refresh_all

#: for how long accounts opened count as won from the ledger
YEAR = timedelta(days=365)


def load(demo: Demo) -> None:
    """Puts the ledger in order, then spreads its days over the last months, as months of work would have."""
    for _first in refresh_all():
        db.session.flush()
    # its own dice, so that the parts after it fall as they did without it
    demo = Demo(demo.today, Random(SEED))
    _spread(demo)
    _remember(demo)


def _spread(demo: Demo) -> None:
    """Leads came in month by month; the first word was spoken when the story says so."""
    spoken = _first_contacts()
    rows = []
    for id_, employer_id, owner in db.session.execute(
        select(Lead.id, Lead.employer_id, Employer.owner_id).join(Lead.employer).order_by(Lead.id)
    ):
        found = demo.day_in(demo.months[-demo.shares(((1, 4), (2, 3), (3, 2), (5, 2), (8, 1)))])
        first = spoken.get(employer_id)
        rows.append(
            {
                "id": id_,
                "found_on": min(found, first) if first else found,
                "contacted_on": first,
                "met_on": first + timedelta(days=6) if first and employer_id % 2 else None,
                "claimed_on": max(found, demo.today - timedelta(days=20)) if owner else None,
            }
        )
    if rows:
        db.session.execute(update(Lead), rows)


def _first_contacts() -> dict[int, date]:
    query = select(TimelineEntry.employer_id, func.min(TimelineEntry.at)).where(TimelineEntry.kind == "visit")
    return {id_: at.date() for id_, at in db.session.execute(query.group_by(TimelineEntry.employer_id))}


def _remember(demo: Demo) -> None:
    """Stays that ended: accounts opened within the year, and leads that were set aside."""
    since = demo.today - YEAR
    columns = (Employer.id, Employer.branch_id, Employer.source, Employer.stage, Employer.account_opened_on)
    query = select(*columns).order_by(Employer.id)
    won = query.where(Employer.stage.in_(WITH_ACCOUNT), Employer.account_opened_on >= since)
    rows = [_won(demo, *row) for row in db.session.execute(won)]
    lost = query.where(Employer.stage == Stage.DISMISSED)
    rows += [_lost(demo, *row) for row in db.session.execute(lost)]
    if rows:
        db.session.execute(insert(Lead), rows)


def _won(demo: Demo, id_: int, branch: int, source: str, stage: Stage, day: date | None) -> dict[str, Any]:
    opened = day or demo.today
    found = opened - timedelta(days=demo.random.randrange(12, 70))
    first = found + timedelta(days=demo.random.randrange(1, 9))
    paid = opened + timedelta(days=demo.random.randrange(8, 34))
    return {
        "employer_id": id_, "branch_id": branch, "found_by": source, "found_on": found, "rank": 0,
        "claimed_on": found + timedelta(days=1), "contacted_on": first,
        "met_on": min(opened, first + timedelta(days=demo.random.randrange(2, 12))),
        "registered_on": opened, "left_on": opened, "left_why": Left.REGISTERED,
        "paid_on": paid if stage in PAID and paid <= demo.today else None,
    }  # fmt: skip


def _lost(demo: Demo, id_: int, branch: int, source: str, _stage: Stage, _opened: Any) -> dict[str, Any]:
    left = demo.day_in(demo.months[-demo.random.randrange(1, 4)])
    found = left - timedelta(days=demo.random.randrange(20, 60))
    return {
        "employer_id": id_, "branch_id": branch, "found_by": source, "found_on": found, "rank": 0,
        "claimed_on": None, "contacted_on": found + timedelta(days=3), "met_on": None,
        "registered_on": None, "paid_on": None, "left_on": left, "left_why": Left.DISMISSED,
    }  # fmt: skip
