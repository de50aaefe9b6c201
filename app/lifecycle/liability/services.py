"""Recording who answers for unpaid months, and that they were paid."""

from datetime import date
from decimal import Decimal

from flask_babel import lazy_gettext as _l

from app.attachments.queries import demand_none_on
from app.core import timeline
from app.core.clock import today
from app.core.db import db
from app.core.errors import Conflict, DomainError
from app.core.features import current_features
from app.core.language.i18n import msgid
from app.core.language.text import clean
from app.core.periods import Period
from app.core.permissions import Actor
from app.core.workflow.engine import Reason
from app.employers.models import Employer
from app.lifecycle.liability import queries
from app.lifecycle.liability.models import Liability

AGREED = msgid("%(successor)s answers for %(share)s of the unpaid months of %(debtor)s")
SETTLED = msgid("%(successor)s has paid its share of the unpaid months of %(debtor)s")


def agree(
    debtor: Employer, successor_id: int, share: Decimal, on: date, proof: str, actor: Actor
) -> Liability:
    """Records a share that a successor answers for; the shares of one employer never exceed the whole."""
    chosen = {one.id: one for one in queries.successors(debtor, actor)}
    known = [one for one in queries.of_employer(debtor.id, None) if one.debtor_id == debtor.id]
    if successor_id not in chosen:
        raise DomainError(_l("Record the merger or division first: only a successor answers."))
    if not debtor.arrears_months:
        raise DomainError(_l("It has no unpaid months that anybody could answer for."))
    if any(one.successor_id == successor_id for one in known):
        raise Conflict(_l("This successor answers for a share already: remove it first."))
    left = queries.ALL - sum((one.share for one in known), Decimal(0))
    if not 0 < share <= left:
        raise DomainError(_l("%(left)s per cent are left to answer for.", left=f"{left * 100:g}"))
    if share != queries.ALL and queries.answers_for_all(debtor):
        raise DomainError(_l("After a merger one employer answers for all: enter 100 per cent."))
    if on > today():
        raise DomainError(_l("The day lies in the future."))
    if not clean(proof):
        raise DomainError(_l("Name the document that proves it."))
    made = Liability(
        debtor_id=debtor.id, successor_id=successor_id, share=share, months=debtor.arrears_months,
        through=_owed_through(debtor), agreed_on=on, proof=clean(proof), recorded_by_id=actor.id,
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    _tell(AGREED, made, actor)
    return made


def _owed_through(debtor: Employer) -> Period | None:
    """The last month that is due: what is deferred, or made up by a plan, is not among the unpaid months."""
    tell = current_features().unpaid
    unpaid = tell(debtor.id) if tell else None
    return unpaid.through if unpaid else None


def settle_share(made: Liability, on: date, proof: str, actor: Actor) -> None:
    """The successor has paid, by this document; a statement of the day or later must not say otherwise."""
    if made.paid:
        raise Conflict(_l("This share is paid already."))
    if on > today() or on < made.agreed_on:
        raise DomainError(_l("The day lies between the agreement and today."))
    if not clean(proof):
        raise DomainError(_l("Name the document that proves it."))
    if made.denied(on):
        raise _unpaid(made.debtor)
    made.settled_on, made.settled_proof = on, clean(proof)
    _tell(SETTLED, made, actor)
    db.session.flush()


def _unpaid(debtor: Employer) -> DomainError:
    day = debtor.arrears_as_of.isoformat() if debtor.arrears_as_of else "—"
    return DomainError(
        _l(
            "The statement as of %(day)s shows %(name)s paid through %(month)s: its months are unpaid.",
            day=day,
            name=debtor.name,
            month=debtor.paid_through or "—",
        )
    )


def remove(made: Liability, actor: Actor) -> None:
    """It was recorded by mistake; the audit trail keeps what it said. DomainError while files hang on it."""
    demand_none_on(made)
    if made.settled_on is not None:
        raise DomainError(_l("This share is paid already."))
    _tell(
        msgid("Recorded by mistake: %(successor)s answers for %(share)s of the unpaid months of %(debtor)s"),
        made,
        actor,
    )
    db.session.delete(made)
    db.session.flush()


def _tell(summary: str, made: Liability, actor: Actor) -> None:
    """To each of the two; whose story is read in one branch does not name an employer of another."""
    for employer in dict.fromkeys((made.debtor, made.successor)):
        names = {
            role: timeline.name_told(one.name, one.branch_id, employer.branch_id)
            for role, one in (("successor", made.successor), ("debtor", made.debtor))
        }
        timeline.record(
            employer.id, "employer", summary,
            params={**names, "share": f"{made.share * 100:g}%", "comment": made.proof}, actor=actor,
            endpoint="liability.show", link_id=employer.id,
        )  # fmt: skip


def has_paid_for_others(employer: Employer, _actor: object) -> Reason | None:
    """A guard of closing: whoever answers for others' unpaid months pays them first."""
    number = queries.unsettled(employer.id)
    return (
        _l("It answers for unpaid months of %(number)s merged or divided employers.", number=number)
        if number
        else None
    )
