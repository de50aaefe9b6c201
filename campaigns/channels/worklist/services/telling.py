"""Writing down what came of each call or visit, and what other offices said."""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from flask_babel import lazy_gettext as _l

from app.core import signals
from app.core.clock import now, today
from app.core.db import db
from app.core.errors import DomainError
from app.core.permissions import Actor
from app.core.rules.workdays import add_working_days
from app.core.workflow.acts import demand
from app.core.workflow.engine import transition
from app.employers.models import Contact
from app.outreach.models import VisitKind
from app.outreach.services import Account, log_visit
from app.tasks.services import settle
from campaigns.channels.worklist.models import Agency, DriveRow, PartnerNote
from campaigns.channels.worklist.policy import (
    AGAIN_DAYS,
    ASKED_AGAIN,
    FOLLOW_DAYS,
    OUTCOMES,
    Follow,
)
from campaigns.channels.worklist.services.asking import DO, KIND, SOURCE, ask, due_on
from campaigns.channels.worklist.workflow import RECORD, ROW

#: an ID number or a mobile number of somebody, whatever blanks stand in it
_NUMBER = re.compile(r"(?<!\d)(?:\d[ -]?){17}[\dXx](?!\d)|(?<!\d)1[3-9](?:[ -]?\d){9}(?!\d)")


@dataclass(frozen=True)
class Told:
    """The short form after a call or visit. `done` counts matters without a name, of all so far."""

    outcome: str
    action: VisitKind
    note: str = ""
    done: int | None = None
    amount: Decimal | None = None
    contact_id: int | None = None
    #: another number of the contact, to be checked before it is written down
    mobile: str = ""
    #: when to go on, where the outcome asks for something; the department's usual days otherwise
    next_on: date | None = None


def tell(row: DriveRow, told: Told, actor: Actor) -> None:
    """Writes down what came of it: a visit on the employer's story, the counters, and what follows."""
    allow(row, actor)
    come = OUTCOMES.get(told.outcome)
    if come is None or told.outcome not in row.drive.outcomes:
        raise DomainError(_l("Choose one of the outcomes of this drive."))
    if told.done is not None and told.done > row.unnamed:
        raise DomainError(_l("There are only %(number)s matters without a name here.", number=row.unnamed))
    if told.next_on is not None and told.next_on < today():
        raise DomainError(_l("The due date lies in the past: choose today or later."))
    if come.ends and (left := _unsettled(row, told)):
        raise DomainError(
            _l("Matters not done yet: %(number)s. Enter them first, or choose another outcome.", number=left)
        )
    if told.mobile or come.follow is Follow.NUMBER:
        _propose_number(row, told, actor)
    account = Account(
        kind=told.action, at=now(), outcome=come.told, summary=told.note, topics=tuple(row.drive.topics),
        contact_id=told.contact_id,
    )  # fmt: skip
    log_visit(row.employer, account, actor)
    row.outcome, row.told_on, row.tries = told.outcome, today(), row.tries + 1
    row.done = row.done if told.done is None else told.done
    row.amount = told.amount if told.amount is not None else row.amount
    settle((SOURCE, row.id), [KIND], told.note)
    if come.ends:
        transition(ROW, row, "finish", None, comment=told.note, evidence={"by": actor.name})
    else:
        _go_on(row, come.follow, told.next_on, actor)


def _propose_number(row: DriveRow, told: Told, actor: Actor) -> None:
    contact = db.session.get(Contact, told.contact_id) if told.contact_id else None
    if contact is None or not told.mobile.strip():
        raise DomainError(_l("Choose whose number was wrong, and enter the new one."))
    signals.number_proposed.send(
        contact, employer=row.employer, number=told.mobile, place=row.drive.name, source=("drive", row.id),
        note=told.note, actor=actor,
    )  # fmt: skip


def _unsettled(row: DriveRow, told: Told) -> int:
    """How many matters make “everything is done” untrue; that there is nothing to do may be said any time."""
    if told.outcome != "settled":
        return 0
    return row.matters - row.settled + row.done - (row.done if told.done is None else told.done)


def _go_on(row: DriveRow, follow: Follow, on: date | None, actor: Actor) -> None:
    days = AGAIN_DAYS if follow is Follow.AGAIN else FOLLOW_DAYS
    due = add_working_days(today(), days.value(), provisional=True)
    if follow is not Follow.AGAIN and row.ripe and row.ripe.first_day > due:
        due = due_on(row.drive, row.ripe)  # whoever is left is to be told only then
    ask(row, ASKED_AGAIN.get(follow, DO), on or due, actor)
    db.session.flush()


def allow(row: DriveRow, actor: Actor) -> None:
    """Goes on while drive and employer are open to outcomes."""
    demand(row.drive, RECORD, actor)
    demand(row, RECORD, actor)


def note_partner(row: DriveRow, agency: Agency, said_on: date, note: str, actor: Actor) -> PartnerNote:
    """What another office said; numbers of people have no place in it."""
    demand(row.drive, RECORD, actor)
    if said_on > today():
        raise DomainError(_l("The day lies in the future."))
    if _NUMBER.search(note):
        raise DomainError(_l("The note holds what looks like an ID number or a mobile number: take it out."))
    made = PartnerNote(row_id=row.id, agency=agency, said_on=said_on, note=note.strip(), by_id=actor.id)
    db.session.add(made)
    db.session.flush()
    return made
