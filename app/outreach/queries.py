"""Reading visits and calls."""

from collections.abc import Sequence
from datetime import date, datetime, time

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, bindparam, func, select

from app.accounts.queries import name_of
from app.core.clock import SHANGHAI, local, today
from app.core.db import db
from app.core.escalating import Exhibit
from app.core.finding import the_one
from app.core.language.i18n import msgid, msgid_of
from app.core.permissions import Actor
from app.employers.models import Employer
from app.employers.policy import visible_to as employer_visible_to
from app.outreach.models import OUTCOME_LABELS, Outcome, Visit, VisitKind
from app.outreach.policy import visible_to


def listed(actor: Actor | None) -> Select[Visit]:
    """Every visit in reach, for the list page."""
    return select(Visit).where(visible_to(actor))


def find(visit_id: int, actor: Actor | None) -> Visit:
    """The visit, or NotFound when its employer is out of the actor's reach."""
    return the_one(listed(actor).where(Visit.id == visit_id), _l("There is no such visit."))


_LATEST = (
    select(Visit)
    .where(Visit.employer_id == bindparam("employer_id"))
    .options(name_of(Visit.by))
    .order_by(Visit.at.desc(), Visit.id.desc())
    .limit(bindparam("most"))
)


def visits_of(employer_id: int, limit: int = 5) -> Sequence[Visit]:
    """An employer's latest visits and calls."""
    return db.session.scalars(_LATEST, {"employer_id": employer_id, "most": limit}).all()


def own_this_month(actor: Actor) -> dict[str, int]:
    """How many visits, calls and so on the actor has logged since the first of the month, by kind."""
    since = datetime.combine(today().replace(day=1), time(), SHANGHAI)
    query = select(Visit.kind, func.count()).where(Visit.by_id == actor.id, Visit.at >= since)
    return {kind.value: number for kind, number in db.session.execute(query.group_by(Visit.kind))}


def likely_employers(actor: Actor, limit: int = 8) -> Sequence[Employer]:
    """Whom the actor will most likely have met: own employers with the latest contact."""
    mine = (Employer.owner_id == actor.id) | (Employer.backup_owner_id == actor.id)
    query = select(Employer).where(employer_visible_to(actor), mine)
    latest = (Employer.last_contact_on.is_(None), Employer.last_contact_on.desc(), Employer.id)
    return db.session.scalars(query.order_by(*latest).limit(limit)).all()


# -- evidence --------------------------------------------------------------------------------------------

MET = {
    VisitKind.VISIT: msgid("Visit: %(outcome)s"),
    VisitKind.CALL: msgid("Call: %(outcome)s"),
    VisitKind.ONLINE: msgid("Online talk: %(outcome)s"),
    VisitKind.COUNTER: msgid("Talk at the counter: %(outcome)s"),
}


def talks_since(employer_id: int, since: date) -> list[Exhibit]:
    """Every talk in which somebody was reached, wherever it took place."""
    return _exhibits(employer_id, since, Visit.outcome != Outcome.NOT_REACHED)


def visits_since(employer_id: int, since: date) -> list[Exhibit]:
    """Every visit to the employer's place, also where nobody opened."""
    return _exhibits(employer_id, since, Visit.kind == VisitKind.VISIT)


def _exhibits(employer_id: int, since: date, which: ColumnElement[bool]) -> list[Exhibit]:
    first = datetime.combine(since, time(), SHANGHAI)
    query = select(Visit).where(Visit.employer_id == employer_id, Visit.at >= first, which)
    return [
        Exhibit(
            local(visit.at).date(),
            MET[visit.kind],
            {"outcome": {"msgid": msgid_of(OUTCOME_LABELS[visit.outcome])}},
            visit.id,
        )
        for visit in db.session.scalars(query.order_by(Visit.at, Visit.id))
    ]
