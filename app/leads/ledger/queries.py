"""The ledger's rows, why each stands where it stands, and the SQL of its order."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import g
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    and_,
    case,
    cast,
    extract,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.orm import contains_eager

from app.accounts.policy import in_scope
from app.core.clock import today
from app.core.db import db
from app.core.escalating import Ending, Outcome
from app.core.finding import the_one
from app.core.language import formats
from app.core.merging.moving import Change
from app.core.permissions import Actor, Scope
from app.employers.areas.models import Area, AreaKind
from app.employers.models import Employer, Stage
from app.employers.policy import not_merged
from app.employers.sources.queries import mentions_among
from app.leads.ledger.models import AreaDensity, Lead, Left
from app.leads.ledger.policy import (
    BITS,
    DENSE_FROM,
    DENSITY,
    ESTABLISHED,
    GONE,
    HEADS,
    NEW,
    ORDER,
    ORDER_BITS,
    ORDERS,
    REGISTER_DAYS,
    STAGES,
    Rank,
    due_after,
    new_since,
)


def in_ledger() -> ColumnElement[bool]:
    """The employers that belong into the ledger: no account yet, obliged, there, and not merged."""
    status = Employer.operating_status
    return and_(
        Employer.stage.in_(STAGES),
        Employer.eligible,
        or_(status.is_(None), status.not_in(GONE)),
        Employer.merged_into_id.is_(None),
    )


def rank_of() -> ColumnElement[int]:
    """The rank of an employer joined with AreaDensity (outer), in the order that holds today."""
    number = ORDER.value()
    values = _values()
    rank: ColumnElement[int] = literal(0, BigInteger)
    for key in ORDERS[number]:
        rank = rank * (1 << BITS[key]) + values[key]
    return rank * (1 << ORDER_BITS) + number


def _values() -> Mapping[str, ColumnElement[int]]:
    """Each key as a number: the greater, the nearer to the top."""
    established = Employer.established_on
    days = (extract("year", established) - 1900) * 372
    days = days + extract("month", established) * 31 + extract("day", established)
    return {
        NEW: cast(case((established >= new_since(), 1), else_=0), BigInteger),
        HEADS: _held(Employer.insured_heads, HEADS),
        DENSITY: _held(AreaDensity.firms, DENSITY),
        ESTABLISHED: _held(days, ESTABLISHED),
    }


def _held(value: Any, key: str) -> ColumnElement[int]:
    """The value within the digits that its key has; nothing known counts as nothing."""
    most = (1 << BITS[key]) - 1
    number = cast(func.coalesce(value, 0), BigInteger)
    return case((number < 0, 0), (number > most, most), else_=number)


def select_leads(actor: Actor | None) -> Select[Lead]:
    """The open stays in the actor's reach, each with its employer."""
    return select_stays(actor).where(Lead.left_on.is_(None), not_merged())


def select_stays(actor: Actor | None) -> Select[Lead]:
    """Every stay in the actor's reach, ended ones among them.

    The reach is asked of the stay, so that a page begins in the index of its branch and order; and the
    employer must still be of that branch.
    """
    branch: Any = Lead.branch_id
    if actor is not None and actor.scope is Scope.BRANCH_AND_BELOW:
        # several branches: the index of the order alone serves best, so none of the branch is offered
        branch = Lead.branch_id + 0
    reach = in_scope(actor, branch, Employer.owner_id, Employer.backup_owner_id)
    return (
        select(Lead)
        .join(Lead.employer)
        .options(contains_eager(Lead.employer))
        .where(reach, Employer.branch_id == Lead.branch_id)
    )


def find(lead_id: int, actor: Actor | None) -> Lead:
    """An open stay in the actor's reach, or NotFound."""
    return the_one(select_leads(actor).where(Lead.id == lead_id), _l("There is no such lead in the ledger."))


def open_stay(employer_id: int) -> Lead | None:
    """The employer's open stay, whoever asks."""
    query = select(Lead).where(Lead.employer_id == employer_id, Lead.left_on.is_(None))
    return db.session.scalars(query).one_or_none()


def never_won(kept_id: int, _merged_id: int) -> Iterator[Change]:
    """A firm found after its account was opened was known already under another record: that is no success.

    Where the account came later, the stay goes over and ends as one that led to it.
    """
    query = select(Lead.id).join(Employer, Employer.id == Lead.employer_id)
    known = (Employer.account_opened_on < Lead.found_on, ~in_ledger())
    for lead_id in db.session.scalars(
        query.where(Lead.employer_id == kept_id, Lead.left_on.is_(None), *known)
    ):
        yield Change(Lead.__tablename__, lead_id, {"left_on": today(), "left_why": Left.MERGED})


def stays_of(employer_id: int) -> Sequence[Lead]:
    """An employer's stays in the ledger, the present one first."""
    query = select(Lead).where(Lead.employer_id == employer_id).options(contains_eager(Lead.employer))
    return db.session.scalars(query.join(Lead.employer).order_by(Lead.id.desc())).all()


@dataclass(frozen=True)
class Place:
    """The street that an area lies in, or the area itself where it lies in none."""

    street: str
    street_id: int
    #: whether it is a street, which has all that is in it; else the place stands for itself alone
    whole: bool


def places() -> Mapping[int, Place]:
    """Every area with its street, also those made since the nightly count; one statement a request."""
    if (known := g.get("lead_places")) is not None:
        found: Mapping[int, Place] = known
        return found
    rows = db.session.execute(select(Area.id, Area.path, Area.kind, Area.name)).all()
    kinds, names = {row.id: row.kind for row in rows}, {row.id: row.name for row in rows}
    streets = {row.id: street_of(row.id, row.path, kinds) for row in rows}
    g.lead_places = {
        id_: Place(names[street], street, kinds[street] is AreaKind.STREET) for id_, street in streets.items()
    }
    return places()


def street_of(area_id: int, path: str, kinds: Mapping[int, AreaKind]) -> int:
    """The street or town that the area lies in; the area itself where it lies in none."""
    steps = (int(step) for step in path.strip("/").split("/"))
    return next((step for step in steps if kinds[step] is AreaKind.STREET), area_id)


def reasons(lead: Lead) -> list[str]:
    """Why a lead stands where it stands: its keys, the one that counts most first."""
    said = [_reason(key, value, lead.employer) for key, value in Rank.of(lead.rank).keys]
    return [words for words in said if words]


def why_here(lead: Lead) -> str:
    return " · ".join(reasons(lead)) or _("no sign of employees yet")


def named_by(lead: Lead) -> list[str]:
    """Every source of a lead with its day, the latest first."""
    return [
        f"{one.label} {formats.date(one.as_of)}{f'（{one.told_by}）' if one.told_by else ''}"
        for one in mentions_among(lead.employer, lead.listings)
    ]


def _reason(key: str, value: int, employer: Employer) -> str | None:
    if not value:
        return None
    if key == NEW:
        return str(_("new firm"))
    if key == HEADS:
        return str(_("%(heads)s insured", heads=value))
    if key == DENSITY:
        return _where(value, employer)
    return str(_("established %(day)s", day=formats.date(employer.established_on)))


def _where(firms: int, employer: Employer) -> str | None:
    place = places().get(employer.area_id or 0)
    if place is None:
        return None
    if firms >= DENSE_FROM.value():
        return str(_("dense area: %(area)s (%(firms)s target firms)", area=place.street, firms=firms))
    return str(_("%(area)s (%(firms)s target firms)", area=place.street, firms=firms))


# -- what escalations ask --------------------------------------------------------------------------------


def objections_to_escalation(employer: Employer) -> list[Any]:
    """A firm is pursued once its time to register is over and somebody has spoken to it in vain."""
    query = select(Lead.contacted_on).where(Lead.employer_id == employer.id, Lead.left_on.is_(None))
    row = db.session.execute(query).first()
    if row is None:
        return [_l("It does not stand in the lead ledger.")]
    found: list[Any] = []
    if row.contacted_on is None:
        found.append(_l("Nobody has spoken to it yet: speak to it first."))
    due_on = due_after(employer.established_on, REGISTER_DAYS)
    if due_on is None:
        found.append(_l("Its day of establishment is not known: enter it first."))
    elif due_on >= today():
        found.append(_l("It has time to register until %(day)s.", day=due_on))
    return found


def endings(employer_ids: Collection[int]) -> dict[int, Ending]:
    """What became of firms that were pursued: those that stand in the ledger no longer."""
    query = select(Employer.id, Employer.stage, Employer.eligible).where(Employer.id.in_(employer_ids))
    found = {}
    for id_, stage, eligible in db.session.execute(query):
        if stage in STAGES and eligible:
            continue
        gone = stage in (*STAGES, Stage.DISMISSED, Stage.CLOSED)
        found[id_] = Ending(Outcome.LAPSED if gone else Outcome.REGISTERED, {"stage": stage.value})
    return found
