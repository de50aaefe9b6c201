"""What becomes of a letter after it was issued. A void one keeps its number."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.core.clock import today
from app.core.db import db
from app.core.finding import the_one
from app.core.language.i18n import msgid
from app.core.permissions import Actor
from app.core.workflow.engine import Ask, Move, Reason, State, Tone, Transition, Workflow
from app.tasks.services import settle
from campaigns.channels.letter.issued.models import BACK, RETURN_LABELS, Letter, LetterState
from campaigns.channels.letter.issued.policy import Permission, visible_to
from campaigns.outcomes.policy import RULES, Outcome
from campaigns.outcomes.services import follow

S = LetterState
#: the source of its tasks, and their kinds
SOURCE = "letter"
TASKS = tuple(RULES[one].kind for one in (Outcome.LETTER_RETURNED, Outcome.LETTER_REFUSED))
TASK_TITLE = msgid("Letter %(number)s came back: find out the address, or hand it over on a visit")
REFUSED_TITLE = msgid("Letter %(number)s was refused: hand it over on a visit, with a witness")
TRACKING = re.compile(r"[A-Z0-9]{8,20}")


def find(letter_id: int, actor: Actor | None) -> Letter:
    """A letter in the actor's reach. Raises NotFound."""
    return the_one(
        select(Letter).where(Letter.id == letter_id, visible_to(actor)), _l("There is no such letter.")
    )


def tracking_number(written: str) -> str:
    """As it is kept: capital letters and digits, whatever somebody puts between them."""
    plain = unicodedata.normalize("NFKC", written).upper()
    return re.sub(r"[\s\-_.·]", "", plain)


def is_a_tracking_number(letter: Letter, answers: Mapping[str, Any]) -> Reason | None:
    """Each parcel has a number of its own."""
    given = tracking_number(str(answers.get("tracking_no") or ""))
    if not TRACKING.fullmatch(given):
        return _l("A tracking number has 8 to 20 capital letters and digits.")
    there = select(Letter.prefix, Letter.year, Letter.serial, Letter.branch_id).where(
        Letter.tracking_no == given, Letter.id != letter.id
    )
    if (taken := db.session.execute(there.limit(1)).first()) is None:
        return None
    if taken.branch_id != letter.branch_id:
        return _l("This tracking number belongs to a letter of another branch: look at the receipt again.")
    return _l(
        "This tracking number belongs to %(number)s.",
        number=f"{taken.prefix}〔{taken.year}〕{taken.serial}号",
    )


def is_not_before(letter: Letter, answers: Mapping[str, Any]) -> Reason | None:
    """Nothing is settled before it was posted, nor on a day to come."""
    earliest = letter.posted_on or letter.issued_on
    day = answers.get("settled_on")
    if day is not None and day > today():
        return _l("The day lies in the future.")
    if day is not None and day < earliest:
        return _l("The day lies before %(day)s.", day=earliest.isoformat())
    return None


def is_posted_after_issue(letter: Letter, answers: Mapping[str, Any]) -> Reason | None:
    """Also what is posted once more: only the day of issue bounds it."""
    day = answers.get("posted_on")
    if day is not None and day > today():
        return _l("The day lies in the future.")
    if day is not None and day < letter.issued_on:
        return _l("The day lies before %(day)s.", day=letter.issued_on.isoformat())
    return None


def ask_for_the_address(letter: Letter, _move: Move | None = None) -> None:
    """Whoever answers for the employer finds out where it is, or hands the letter over."""
    _follow(Outcome.LETTER_RETURNED, TASK_TITLE, letter)


def ask_to_hand_it_over(letter: Letter, _move: Move | None = None) -> None:
    """A refused letter is handed over on a visit, with a witness."""
    _follow(Outcome.LETTER_REFUSED, REFUSED_TITLE, letter)


def _follow(outcome: Outcome, title: str, letter: Letter) -> None:
    source = (SOURCE, letter.id)
    follow(outcome, letter.employer, title, params={"number": letter.number}, source=source, again=True)


def keep_as_written_here(letter: Letter, _move: Move) -> None:
    """So that a list of the post's finds the parcel however somebody typed its number."""
    letter.tracking_no = tracking_number(letter.tracking_no or "") or None


def goes_where_the_employer_is(letter: Letter, move: Move) -> None:
    """What came back goes to the address of today, from where it may come back once more."""
    if move.source in BACK and letter.employer.address:
        letter.address, letter.postal_code = letter.employer.address, letter.employer.postal_code or ""


def settle_tasks(letter: Letter, move: Move) -> None:
    """Whatever was to be found out or handed over: the letter is on its way again, or there."""
    told = move.answers.get("received_by") or move.answers.get("tracking_no")
    settle((SOURCE, letter.id), TASKS, str(told or ""))


_DAY = Ask("settled_on", _l("On which day"), "date")

LETTER = Workflow[Letter](
    name="letter",
    title=_l("Letter"),
    model=Letter,
    kind="letter",
    load=find,
    endpoint="letters.show",
    states=(
        State(S.ISSUED, _l("Issued")),
        State(S.POSTED, _l("Posted"), Tone.ACTIVE),
        State(S.DELIVERED, _l("Delivered"), Tone.GOOD, final=True),
        State(S.REFUSED, _l("Refused by the addressee"), Tone.WARNING),
        State(S.RETURNED, _l("Returned"), Tone.DANGER),
        State(S.VOID, _l("Void"), Tone.DONE, final=True),
    ),
    transitions=(
        Transition(
            "post",
            _l("Record posting"),
            (S.ISSUED, S.RETURNED, S.REFUSED),
            S.POSTED,
            Permission.FOLLOW,
            asks=(
                Ask("posted_on", _l("Posted on"), "date"),
                Ask("tracking_no", _l("Tracking number")),
            ),
            checks=(is_a_tracking_number, is_posted_after_issue),
            effects=(keep_as_written_here, goes_where_the_employer_is, settle_tasks),
        ),
        Transition(
            "deliver",
            _l("Record delivery"),
            (S.ISSUED, S.POSTED, S.REFUSED, S.RETURNED),
            S.DELIVERED,
            Permission.FOLLOW,
            asks=(_DAY, Ask("received_by", _l("Who took it"))),
            checks=(is_not_before,),
            effects=(settle_tasks,),
        ),
        Transition(
            "refuse",
            _l("Record refusal"),
            (S.POSTED,),
            S.REFUSED,
            Permission.FOLLOW,
            asks=(_DAY, Ask("reason", _l("How it was refused, and who witnessed it"))),
            checks=(is_not_before,),
            effects=(ask_to_hand_it_over,),
        ),
        Transition(
            "return",
            _l("Record return"),
            (S.POSTED,),
            S.RETURNED,
            Permission.FOLLOW,
            asks=(
                _DAY,
                Ask(
                    "reason",
                    _l("Reason of the return"),
                    "choice",
                    tuple((k.value, v) for k, v in RETURN_LABELS.items()),
                ),
            ),
            checks=(is_not_before,),
            effects=(ask_for_the_address,),
        ),
        Transition(
            "void",
            _l("Void the letter"),
            (S.ISSUED,),
            S.VOID,
            Permission.ISSUE,
            asks=(Ask("reason", _l("Why it is void")),),
            tone=Tone.DANGER,
        ),
    ),
)
