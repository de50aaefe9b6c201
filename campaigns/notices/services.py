"""Writes of the public page: the digits are checked, the notice is confirmed, a visit is asked for."""

import secrets
from collections.abc import Sequence
from enum import StrEnum

from sqlalchemy import delete, update

from app.core import signals, timeline
from app.core.clock import now, today
from app.core.db import changed, db
from app.core.i18n import msgid
from app.core.workdays import add_working_days
from app.employers.models import Employer, VerifiedHow
from app.tasks.models import Task
from app.tasks.services import open_task
from campaigns.ledger.models import Message
from campaigns.notices import queries
from campaigns.notices.models import NoticeGuard
from campaigns.notices.policy import ANSWER_DAYS, DIGITS, LOCK, TRIES

KIND = "notice"
#: Where the entries of the timeline lead: the campaign.
ENDPOINT = "results.show"

CONFIRMED = msgid("%(name)s read and confirmed the notice “%(campaign)s”")


class Wanted(StrEnum):
    """What a reader may ask for; each is a kind of task."""

    VISIT = "visit_request"
    CALL = "callback"


ASKED = {
    Wanted.VISIT: msgid("%(name)s asks for a visit after the notice “%(campaign)s”"),
    Wanted.CALL: msgid("%(name)s asks for a call after the notice “%(campaign)s”"),
}


class Answer(StrEnum):
    RIGHT = "right"
    WRONG = "wrong"
    LOCKED = "locked"


def prove(message: Message, digits: str) -> tuple[Answer, int]:
    """Checks the last digits of the number; gives the verdict and how many tries are left.

    A right answer is recorded as the first opening; too many wrong ones close the notice for a while.
    """
    guard = _guard(message)
    moment = now()
    if guard.locked_until is not None:
        if guard.locked_until > moment:
            return Answer.LOCKED, 0
        guard.locked_until, guard.tries = None, 0
    expected = (message.phone or "")[-DIGITS:]
    if len(expected) == DIGITS and secrets.compare_digest(digits.encode(), expected.encode()):
        guard.tries = 0
        message.opened_at = message.opened_at or moment
        db.session.flush()
        return Answer.RIGHT, TRIES
    guard.tries += 1
    if guard.tries >= TRIES:
        guard.locked_until = moment + LOCK
    db.session.flush()
    return (Answer.LOCKED if guard.locked_until else Answer.WRONG), TRIES - guard.tries


def _guard(message: Message) -> NoticeGuard:
    guard = db.session.get(NoticeGuard, message.id, with_for_update=True)
    if guard is None:
        guard = NoticeGuard(message_id=message.id, tries=0)
        db.session.add(guard)
        db.session.flush()
    return guard


def confirm(message: Message) -> bool:
    """The reader confirms the notice; True the first time, and nothing happens after that.

    Whoever had the link from the message, and knew the last digits, has that number.
    """
    if message.confirmed_at is not None:
        return False
    message.confirmed_at = now()
    _tell(message, CONFIRMED)
    if message.contact is not None and message.phone:
        signals.number_answered.send(
            message.contact, number=message.phone, how=VerifiedHow.NOTICE, on=today()
        )
    return True


def ask(message: Message, wanted: Wanted, note: str) -> tuple[Task, bool]:
    """The reader asks to be visited or called: one task for the employer's owner.

    Gives the task, and whether it is new; while one is open, asking again changes nothing.
    """
    waiting = queries.open_request(message)
    if waiting is not None:
        return waiting, False
    message.asked_at = message.asked_at or now()
    task = open_task(
        wanted,
        ASKED[wanted],
        add_working_days(today(), ANSWER_DAYS, provisional=True),
        employer=db.session.get_one(Employer, message.employer_id),
        params=_params(message),
        note=note,
        source=(queries.SOURCE, message.id),
        again=True,
    )
    _tell(message, ASKED[wanted], note)
    return task, True


def _params(message: Message) -> dict[str, str]:
    name = message.contact.name if message.contact else ""
    return {"name": name, "campaign": message.campaign.name}


def _tell(message: Message, summary: str, note: str = "") -> None:
    """One entry for each employer that the notice speaks of."""
    params = _params(message) | ({"comment": note} if note else {})
    happenings = [
        timeline.Happening(one.employer_id, summary, params, link_id=message.campaign_id)
        for one in queries.about(message)
    ]
    timeline.record_many(KIND, happenings, endpoint=ENDPOINT)
    db.session.flush()


def forget_links(ids: Sequence[int]) -> int:
    """Takes the links off messages, and forgets who guessed wrong at them."""
    db.session.execute(delete(NoticeGuard).where(NoticeGuard.message_id.in_(ids)))
    return changed(update(Message).where(Message.id.in_(ids)).values(token=None))
