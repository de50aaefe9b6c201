"""Keeping the ledger true: who enters, who leaves and why, and in which order they stand.

Everything here works on sets and changes nothing when it runs again.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    and_,
    case,
    delete,
    event,
    exists,
    func,
    insert,
    inspect,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session

from app.accounts.models import User
from app.core import signals
from app.core.bulk import update_rows
from app.core.clock import local, today
from app.core.db import among, changed, db
from app.core.workflow.engine import Transition, Workflow
from app.core.workflow.sets import SetMove
from app.employers.areas.models import Area
from app.employers.areas.queries import TO_WIN
from app.employers.models import Employer, Stage
from app.leads.ledger.models import AreaDensity, Lead, Left
from app.leads.ledger.policy import GONE, STAGES
from app.leads.ledger.queries import in_ledger, rank_of, street_of

#: how many employers are put in order in one transaction
CHUNK = 20_000
#: what of an employer decides whether and where it stands in the ledger
WATCHED = (
    "stage", "eligible", "operating_status", "merged_into_id", "branch_id", "insured_heads",
    "established_on", "area_id",
)  # fmt: skip
#: stages of employers that have paid
PAID = (Stage.CONTRIBUTING, Stage.IN_ARREARS, Stage.ON_RELIEF, Stage.SEALED)
WITH_ACCOUNT = (Stage.REGISTERED, Stage.ENROLLED, *PAID)

_why = case(
    (Employer.merged_into_id.is_not(None), Left.MERGED.value),
    (Employer.stage.in_(WITH_ACCOUNT), Left.REGISTERED.value),
    (Employer.stage == Stage.DISMISSED, Left.DISMISSED.value),
    (Employer.stage.in_((Stage.CLOSING, Stage.CLOSED)), Left.CLOSED.value),
    (Employer.operating_status.in_(GONE), Left.DEREGISTERED.value),
    else_=Left.NOT_ELIGIBLE.value,
)
_stay = db.metadata.tables[Lead.__tablename__]


def refresh(employer_ids: Collection[int]) -> None:
    """Brings these employers' stays in line with them: who left, who entered, where they stand."""
    db.session.flush()
    _refresh_ids(list(employer_ids))


def _refresh_ids(ids: list[int]) -> None:
    if ids:
        _refresh(among(Employer.id, ids), among(Lead.employer_id, ids))
        _forget_loaded()


def refresh_all() -> Iterator[int]:
    """Counts the areas anew and goes through all employers, chunk by chunk; the caller commits each."""
    count_areas()
    last = db.session.scalar(select(func.max(Employer.id))) or 0
    for first in range(0, last + 1, CHUNK):
        until = first + CHUNK - 1
        stays = Lead.employer_id.between(first, until)
        _refresh(Employer.id.between(first, until), stays)
        _mark_paid(stays)
        yield first
    _forget_loaded()


def _refresh(these: ColumnElement[bool], stays: ColumnElement[bool]) -> None:
    _leave(these, stays)
    _enter(these)
    _rank(these, stays)


def _leave(these: ColumnElement[bool], stays: ColumnElement[bool]) -> None:
    gone = select(Lead.id, _why, Employer.id).join(Employer, Employer.id == Lead.employer_id)
    rows = db.session.execute(gone.where(stays, Lead.left_on.is_(None), these, ~in_ledger())).all()
    if not rows:
        return
    day = today()
    update_rows(_stay, [{"id": id_, "left_on": day, "left_why": why} for id_, why, _employer in rows])
    registered = [employer_id for _id, why, employer_id in rows if why == Left.REGISTERED]
    if registered:
        _mark_registered(registered)


def _enter(these: ColumnElement[bool]) -> None:
    """New stays, found today, with their place in the order at once."""
    there = exists().where(Lead.employer_id == Employer.id, Lead.left_on.is_(None))
    columns = {
        "employer_id": Employer.id,
        "branch_id": Employer.branch_id,
        "found_by": Employer.source,
        "found_on": literal(today(), Date),
        "claimed_on": case((Employer.owner_id.is_not(None), literal(today(), Date))),
        "rank": rank_of(),
    }
    query = select(*columns.values()).outerjoin(AreaDensity, AreaDensity.area_id == Employer.area_id)
    db.session.execute(insert(_stay).from_select(list(columns), query.where(these, in_ledger(), ~there)))


def _rank(these: ColumnElement[bool], stays: ColumnElement[bool]) -> None:
    """Only rows whose place or branch is another are written."""
    where = and_(stays, Lead.left_on.is_(None))
    now = (
        select(Lead.id, rank_of().label("rank"), Employer.branch_id.label("branch_id"))
        .join(Employer, Employer.id == Lead.employer_id)
        .outerjoin(AreaDensity, AreaDensity.area_id == Employer.area_id)
        .where(where, these)
        .cte("now")
    )
    other = or_(_stay.c.rank != now.c.rank, _stay.c.branch_id != now.c.branch_id)
    moved = update(_stay).where(_stay.c.id == now.c.id, other)
    changed(moved.values(rank=now.c.rank, branch_id=now.c.branch_id))


def _mark_registered(employer_ids: list[int]) -> None:
    """The latest stay of each learns when the account was opened, and the first month was paid."""
    columns = (Employer.account_opened_on, Employer.first_contribution_month, Employer.stage)
    latest = select(func.max(Lead.id)).where(among(Lead.employer_id, employer_ids)).group_by(Lead.employer_id)
    query = select(Lead.id, Lead.found_on, *columns).join(Employer, Employer.id == Lead.employer_id)
    rows = []
    for id_, found, opened, month, stage in db.session.execute(query.where(Lead.id.in_(latest))):
        registered = max(found, opened) if opened else today()
        paid = _paid(registered, month) if stage in PAID else None
        rows.append({"id": id_, "registered_on": registered, "paid_on": paid})
    update_rows(_stay, rows)


def _paid(registered: date, month: Any) -> date:
    """A first month that is known counts by its last day; else today is when we learned of it."""
    return max(registered, min(month.last_day, today())) if month else max(registered, today())


def _mark_paid(stays: ColumnElement[bool]) -> None:
    """Firms whose account was opened and that have paid since."""
    query = select(Lead.id, Lead.registered_on, Employer.first_contribution_month).join(
        Employer, Employer.id == Lead.employer_id
    )
    waiting = (Lead.registered_on.is_not(None), Lead.paid_on.is_(None), Employer.stage.in_(PAID))
    rows = db.session.execute(query.where(stays, *waiting)).all()
    update_rows(_stay, [{"id": id_, "paid_on": _paid(day or today(), month)} for id_, day, month in rows])


def count_areas() -> None:
    """Counts, for each area, the firms to be won in the street that it lies in."""
    areas = db.session.execute(select(Area.id, Area.path, Area.kind)).all()
    kinds = {area.id: area.kind for area in areas}
    counted = select(Employer.area_id, func.count()).where(
        Employer.area_id.is_not(None), Employer.eligible, Employer.stage.in_(TO_WIN),
        Employer.merged_into_id.is_(None),
    )  # fmt: skip
    streets = {area.id: street_of(area.id, area.path, kinds) for area in areas}
    firms: dict[int, int] = dict.fromkeys(streets.values(), 0)
    for area_id, number in db.session.execute(counted.group_by(Employer.area_id)):
        firms[streets[area_id or 0]] += number
    db.session.execute(delete(AreaDensity))
    rows = [{"area_id": id_, "street_id": street, "firms": firms[street]} for id_, street in streets.items()]
    if rows:
        db.session.execute(insert(AreaDensity), rows)


def _forget_loaded() -> None:
    """Stays that the session holds were changed beneath it."""
    for found in list(db.session.identity_map.values()):
        if isinstance(found, Lead):
            db.session.expire(found)


# What happens elsewhere ----------------------------------------------------------------------------


@signals.after_transition.connect
def _follow_stage(
    workflow: Workflow[Any],
    set_moves: list[SetMove] | None = None,
    transition: Transition | None = None,
    placed: bool = False,
    **_more: Any,
) -> None:
    """The stages of many were set past the session: who had none enters, who has an account leaves.

    Who was created with an account was never in the ledger.
    """
    if workflow.model is not Employer or not set_moves or transition is None:
        return
    if transition.target in STAGES:
        refresh([one.record_id for one in set_moves])
        return
    if placed:
        return
    ids = [one.record_id for one in set_moves if one.source in STAGES]
    refresh(ids)
    paying = [one.record_id for one in set_moves if one.source in (Stage.REGISTERED, Stage.ENROLLED)]
    if paying and transition.target in PAID:
        _mark_paid(among(Lead.employer_id, paying))


@signals.employer_met.connect
def _note_contact(employer: Employer, at: Any, in_person: bool, **_more: Any) -> None:
    """The first word, and the first face to face, of this stay."""
    day = local(at).date()
    for lead in db.session.scalars(
        select(Lead).where(Lead.employer_id == employer.id, Lead.left_on.is_(None))
    ):
        lead.contacted_on = min(day, lead.contacted_on or day)
        if in_person:
            lead.met_on = min(day, lead.met_on or day)


@signals.contact_withdrawn.connect
def _forget_contact(employer: Employer, on: date, others: Sequence[tuple[date, bool]], **_more: Any) -> None:
    """What that day began begins with the next contact that remains, or with none."""
    for lead in db.session.scalars(
        select(Lead).where(Lead.employer_id == employer.id, Lead.left_on.is_(None))
    ):
        since = [(day, in_person) for day, in_person in others if day >= lead.found_on]
        if lead.contacted_on == on:
            lead.contacted_on = min((day for day, _in_person in since), default=None)
        if lead.met_on == on:
            lead.met_on = min((day for day, in_person in since if in_person), default=None)


@signals.owner_changed.connect
def _note_owner(employer: Employer, new: User | None, **_more: Any) -> int:
    """An owner's days with a lead begin anew."""
    for lead in db.session.scalars(
        select(Lead).where(Lead.employer_id == employer.id, Lead.left_on.is_(None))
    ):
        lead.claimed_on = today() if new else None
    return 0


@signals.employers_merged.connect
def _follow_merge(kept: Employer, merged: Employer, **_more: Any) -> None:
    """A stay that went over to an employer with an account ends, though nothing of the employer changed."""
    refresh([kept.id, merged.id])


_TOUCHED = "leads_touched"


def _note_touched(session: Session, _context: Any) -> None:
    touched = {one.id for one in session.new if isinstance(one, Employer) and one.stage in STAGES}
    touched |= {one.id for one in session.dirty if isinstance(one, Employer) and _differs(one)}
    if touched:
        session.info.setdefault(_TOUCHED, set()).update(touched)


def _differs(employer: Employer) -> bool:
    state = inspect(employer)
    return any(state.attrs[name].history.has_changes() for name in WATCHED)


def _refresh_touched(session: Session, _context: Any) -> None:
    if touched := session.info.pop(_TOUCHED, None):
        _refresh_ids(list(touched))


event.listen(db.session, "after_flush", _note_touched)
event.listen(db.session, "after_flush_postexec", _refresh_touched)
