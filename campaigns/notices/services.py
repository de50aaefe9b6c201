"""Writes of the public page: the digits are checked, the notice is confirmed, help is asked for."""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from sqlalchemy import delete, update

from app.audit import services as audit
from app.core import signals, timeline
from app.core.clock import now, today
from app.core.db import changed, db
from app.core.language.i18n import msgid
from app.employers.models import Employer, VerifiedHow
from campaigns.channels.letter.issued.models import Letter
from campaigns.drafting.models import MessageClass
from campaigns.ledger.models import Message
from campaigns.ledger.services import opting_out
from campaigns.notices import queries
from campaigns.notices.models import NoticeGuard
from campaigns.notices.policy import LOCK_MINUTES, TRIES
from campaigns.notices.queries import Notice, Way
from campaigns.outcomes.policy import Outcome
from campaigns.outcomes.queries import has_task
from campaigns.outcomes.services import follow

KIND = "notice"

OPENED = msgid("The notice “%(campaign)s” was opened (%(name)s)")
CONFIRMED = msgid("%(name)s read and confirmed the notice “%(campaign)s”")
FETCHED = msgid("The document of “%(campaign)s” was downloaded (%(name)s)")
LOCKED = msgid("A notice was closed after too many wrong digits")
READ = msgid("A notice was opened with the right digits")
TAKEN = msgid("The document of a letter was downloaded from its notice")
ANSWERED = msgid("A notice was confirmed by its reader")
WANTS = msgid("The reader of a notice asked for help")
#: how an opting out came about, as the person's page tells it
BY_NOTICE = msgid("on the notice page")

#: A reader may leave these by a click. A service notice is owed by law and reaches everybody.
LEAVABLE = (MessageClass.GREETING, MessageClass.PUBLICITY)


class Wanted(StrEnum):
    """What a reader may ask for; each is a kind of task."""

    VISIT = "visit_request"
    CALL = "callback"


ASKED = {
    Wanted.VISIT: msgid("%(name)s asks for a visit after the notice “%(campaign)s”"),
    Wanted.CALL: msgid("%(name)s asks for a call after the notice “%(campaign)s”"),
}


OUTCOMES = {Wanted.VISIT: Outcome.WANTS_VISIT, Wanted.CALL: Outcome.WANTS_CALL}


class Answer(StrEnum):
    RIGHT = "right"
    WRONG = "wrong"
    LOCKED = "locked"


@dataclass(frozen=True)
class Proof:
    """What came of an answer: `left` is how many tries are left, `way` whose digits they were."""

    answer: Answer
    left: int
    way: Way | None = None


def prove(notice: Notice, digits: str) -> Proof:
    """Checks the last digits of a number that the notice is meant for.

    A right answer is recorded, the first one as the opening; too many wrong ones close it for a while.
    """
    guard = _guard(notice)
    moment, most = now(), TRIES.value()
    if guard.locked_until is not None:
        if guard.locked_until > moment:
            return Proof(Answer.LOCKED, 0)
        guard.locked_until, guard.tries = None, 0
    right = [way for way, end in notice.ends.items() if secrets.compare_digest(digits.encode(), end.encode())]
    if right:
        guard.tries = 0
        _opened(notice, right[0])
        return Proof(Answer.RIGHT, most, right[0])
    guard.tries += 1
    if guard.tries >= most:
        guard.locked_until = moment + timedelta(minutes=LOCK_MINUTES.value())
        audit.record(LOCKED, notice.subject, name=notice.title)
    db.session.flush()
    return Proof(Answer.LOCKED if guard.locked_until else Answer.WRONG, max(0, most - guard.tries))


def _guard(notice: Notice) -> NoticeGuard | Letter:
    """Where wrong answers are counted. A letter counts its own."""
    if notice.letter is not None:
        return notice.letter
    guard = db.session.get(NoticeGuard, notice.record.id, with_for_update=True)
    if guard is None:
        guard = NoticeGuard(message_id=notice.record.id, tries=0)
        db.session.add(guard)
        db.session.flush()
    return guard


def _opened(notice: Notice, way: Way) -> None:
    audit.record(READ, notice.subject, name=notice.title, details={"by": way.value})
    if notice.record.opened_at is None:
        notice.record.opened_at = now()
        tell(notice, OPENED)


def confirm(notice: Notice, way: Way) -> None:
    """The reader confirms the notice; after the first time nothing happens any more.

    Whoever had the link from the message, and knew the end of the number that it went to, has that number.
    """
    if notice.record.confirmed_at is not None:
        return
    notice.record.confirmed_at = now()
    tell(notice, CONFIRMED)
    audit.record(ANSWERED, notice.subject, name=notice.title)
    if way is Way.MOBILE and isinstance(notice.record, Message) and notice.contact and notice.phone:
        signals.number_answered.send(notice.contact, number=notice.phone, how=VerifiedHow.NOTICE, on=today())


def ask(notice: Notice, wanted: Wanted, note: str) -> bool:
    """The reader asks to be visited or called: one task, by the table of outcomes.

    False while one is open: then asking again changes nothing.
    """
    waiting = queries.open_request(notice)
    if waiting is not None or (notice.record.asked_at is not None and not has_task(OUTCOMES[wanted])):
        return False
    notice.record.asked_at = notice.record.asked_at or now()
    follow(
        OUTCOMES[wanted],
        db.session.get_one(Employer, notice.record.employer_id),
        ASKED[wanted],
        params=_params(notice),
        note=note,
        source=notice.task_source,
        again=True,
    )
    tell(notice, ASKED[wanted], note)
    audit.record(WANTS, notice.subject, name=notice.title, details={"wanted": wanted.value})
    return True


def leave(notice: Notice, way: Way, classes: Iterable[MessageClass]) -> int:
    """The reader wants no more messages of these classes; gives how many of them are new.

    Only for the person whose number it is: whoever knows the account alone decides for nobody. Service
    notices, which nobody can leave, are passed over.
    """
    if notice.contact is None or way is not Way.MOBILE:
        return 0
    already = queries.unwanted(notice)
    new = [one for one in classes if one in LEAVABLE and one.value not in already]
    for one in new:
        opting_out.record(notice.contact, one, BY_NOTICE, None)
    return len(new)


def fetched(notice: Notice) -> None:
    """The reader takes the document along; the first time is told at the employer."""
    if notice.letter is not None and notice.letter.fetched_at is None:
        notice.letter.fetched_at = now()
        tell(notice, FETCHED)
    audit.record(TAKEN, notice.subject, name=notice.title)
    db.session.flush()


def _params(notice: Notice) -> dict[str, str]:
    name = notice.contact.name if notice.contact else notice.about[0].name
    return {"name": name, "campaign": notice.title}


def tell(notice: Notice, summary: str, note: str = "") -> None:
    """One entry for each employer that the notice speaks of."""
    params = _params(notice) | ({"comment": note} if note else {})
    happenings = [
        timeline.Happening(one.employer_id, summary, params, link_id=notice.link_id) for one in notice.about
    ]
    timeline.record_many(KIND, happenings, endpoint=notice.endpoint)
    db.session.flush()


def forget_links(ids: Sequence[int]) -> int:
    """Takes the links off messages, and forgets who guessed wrong at them."""
    db.session.execute(delete(NoticeGuard).where(NoticeGuard.message_id.in_(ids)))
    return changed(update(Message).where(Message.id.in_(ids)).values(token=None))
