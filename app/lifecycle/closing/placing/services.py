"""Where employees' accounts went: transferred, paid out, or sealed centrally with a second person."""

from dataclasses import dataclass
from datetime import date

from flask_babel import lazy_gettext as _l

from app.core import timeline
from app.core.clock import today
from app.core.db import db
from app.core.errors import DomainError
from app.core.language.i18n import msgid, msgid_of
from app.core.language.text import clean
from app.core.permissions import Actor
from app.core.workflow.engine import transition
from app.employers.models import Employer
from app.lifecycle.closing import queries
from app.lifecycle.closing.models import PLACEMENT_LABELS, Closing, Placement, PlacementKind, Sealing
from app.lifecycle.closing.workflow import SEALING

KIND = "closing"
PLACED = msgid("Employees' accounts: %(heads)s · %(what)s")
NOT_PLACED = msgid("Entered by mistake: %(heads)s · %(what)s")


@dataclass(frozen=True)
class Going:
    """So many accounts went on a day, to whom, and what proves it."""

    kind: PlacementKind
    heads: int
    on: date
    destination: str
    proof: str


def place(employer: Employer, going: Going, actor: Actor) -> Placement:
    """Records that employees' accounts were transferred or paid out; sealing has its own way."""
    if going.kind is PlacementKind.SEALED:
        raise DomainError(_l("Propose a central sealing: it is recorded when it is carried out."))
    if going.kind is PlacementKind.TRANSFERRED and not clean(going.destination):
        raise DomainError(_l("Say which employer took them."))
    return put(employer, going, None, actor)


def put(employer: Employer, going: Going, sealing: Sealing | None, actor: Actor) -> Placement:
    """Records it, whichever way it came; refuses more than are left, and what nothing proves."""
    account = queries.account_of(employer)
    if going.on > today():
        raise DomainError(_l("The day lies in the future."))
    if not clean(going.proof):
        raise DomainError(_l("Name the document that proves it."))
    _refuse_more(going.heads, account)
    made = Placement(
        employer_id=employer.id, closing_id=account.closing.id if account.closing else None,
        sealing_id=sealing.id if sealing else None, kind=going.kind, heads=going.heads, on=going.on,
        destination=clean(going.destination), proof=clean(going.proof), by_id=actor.id,
    )  # fmt: skip
    db.session.add(made)
    _tell_placed(PLACED, made, actor)
    db.session.flush()
    return made


def _refuse_more(heads: int, account: queries.Account) -> None:
    """Nobody goes twice: those about to be sealed are spoken for."""
    if not 1 <= heads <= account.waiting:
        raise DomainError(_l("%(left)s employees are left whose accounts may go.", left=account.waiting))


def _tell_placed(summary: str, made: Placement, actor: Actor) -> None:
    params = {
        "heads": made.heads,
        "what": {"msgid": msgid_of(PLACEMENT_LABELS[made.kind])},
        "comment": made.proof,
    }
    timeline.record(
        made.employer_id, KIND, summary, params=params, actor=actor, endpoint="closing.people",
        link_id=made.employer_id,
    )  # fmt: skip


def remove_placement(made: Placement, actor: Actor) -> None:
    """It was entered by mistake; the audit trail keeps what it said."""
    if made.sealing_id is not None:
        raise DomainError(_l("It comes from a central sealing, which is carried out."))
    closing = db.session.get(Closing, made.closing_id) if made.closing_id else None
    if closing is not None and not closing.standing:
        raise DomainError(_l("This closing has ended."))
    _tell_placed(NOT_PLACED, made, actor)
    db.session.delete(made)
    db.session.flush()


def propose_sealing(employer: Employer, heads: int, grounds: str, actor: Actor) -> Sealing:
    """Asks that accounts nobody takes be sealed centrally; somebody else approves."""
    _refuse_more(heads, queries.account_of(employer))
    if not clean(grounds):
        raise DomainError(_l("Say why no employer takes them."))
    sealing = Sealing(
        employer_id=employer.id, heads=heads, grounds=clean(grounds), proposed_on=today(),
        proposed_by_id=actor.id,
    )  # fmt: skip
    db.session.add(sealing)
    db.session.flush()
    transition(SEALING, sealing, "propose", actor, comment=sealing.grounds)
    return sealing
