"""Issuing letters."""

import io
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import exists, select, update

from app.attachments.queries import kind_of
from app.attachments.services import attach, checked
from app.config import current_settings
from app.core import signals, timeline
from app.core.clock import today
from app.core.db import among, db, insert_new
from app.core.errors import DomainError
from app.core.language.i18n import msgid
from app.core.permissions import Actor
from app.core.qr_codes import drawing
from app.core.sql_functions import new_token
from app.core.workflow.engine import Workflow
from app.core.workflow.sets import RESTORED, SetMove
from app.employers.models import Contact, Employer, EmployerContact
from app.tasks.models import Task, TaskState
from app.tasks.services import cancel
from campaigns.channels.letter import text
from campaigns.channels.letter.issued import queries
from campaigns.channels.letter.issued.models import Letter, LetterState, NumberSeries
from campaigns.channels.letter.issued.workflow import (
    LETTER,
    SOURCE,
    TASKS,
    ask_for_the_address,
    ask_to_hand_it_over,
)
from campaigns.channels.letter.models import LetterVersion
from campaigns.channels.letter.queries import as_data, document, letterhead_of
from campaigns.channels.letter.queries import proposed as proposal

KIND, ENDPOINT = "letter", "letters.show"
ISSUED = msgid("Letter %(number)s issued: %(title)s")
TAKEN_BACK = msgid("What the post had said was taken back")
#: what is to be done about a letter in a state
ASKING = {LetterState.RETURNED: ask_for_the_address, LetterState.REFUSED: ask_to_hand_it_over}

#: Without letters and digits that are mistaken for others.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


def next_number(prefix: str, year: int, count: int = 1) -> int:
    """The next number of the year, or the first of so many that follow each other.

    They are lost with the transaction, and so never leave a gap.
    """
    db.session.execute(insert_new(NumberSeries).values(prefix=prefix, year=year, last=0))
    taken = (
        update(NumberSeries)
        .where(NumberSeries.prefix == prefix, NumberSeries.year == year)
        .values(last=NumberSeries.last + count)
        .returning(NumberSeries.last)
        .execution_options(synchronize_session=False)
    )
    return int(db.session.execute(taken).scalar_one()) - count + 1


def issue(version: LetterVersion, employer: Employer, given: Mapping[str, str], actor: Actor) -> Letter:
    """Writes, numbers, typesets and archives a letter, all or nothing.

    `given` are the variables that nobody but the author knows, as letters write them. Raises DomainError with
    every reason why it cannot leave.
    """
    _check(version, employer)
    day = today()
    head = letterhead_of(employer.branch)
    words = text.wording(version)
    law = text.law_of(words, day)
    values = queries.values_of(employer) | dict(given)
    token, code = new_marks()
    data = as_data(
        version, head, values, law,
        addressee=employer.name, date=text.day(day), note=note_of(employer.owner and employer.owner.name),
        **printed(token, code),
    )  # fmt: skip
    handler = queries.handler_of(employer)
    letter = Letter(
        version_id=version.id,
        employer=employer,
        branch_id=employer.branch_id,
        prefix=head.prefix,
        year=day.year,
        serial=next_number(head.prefix, day.year),
        issued_on=day,
        data=data,
        address=employer.address or "",
        postal_code=employer.postal_code or "",
        phone=handler.mobile if handler else None,
        account=employer.employer_account_no,
        token=token,
        code=code,
        by_id=actor.id,
    )
    letter.data = data | {"number": letter.number}
    db.session.add(letter)
    db.session.flush()
    _archive(letter, actor)
    params = {"number": letter.number, "title": data["title"]}
    timeline.record(
        employer.id, KIND, ISSUED, params=params, actor=actor, endpoint=ENDPOINT, link_id=letter.id
    )
    return letter


def proposed(
    version: LetterVersion, employer: Employer, given: Mapping[str, str], labels: Mapping[str, Any]
) -> dict[str, Any]:
    """What `issue` would typeset today, without a number and marks; gaps show their labels."""
    values = queries.values_of(employer) | dict(given)
    note = note_of(employer.owner and employer.owner.name)
    return proposal(version, employer.branch, values, labels, addressee=employer.name, note=note)


def link(token: str) -> str:
    """The address behind the QR code."""
    return f"{current_settings().public_url}/n/letter/{token}"


def new_marks() -> tuple[str, str]:
    """An unguessable token for the QR code, and a code for whoever has no camera."""
    return new_token(), "".join(secrets.choice(ALPHABET) for _ in range(10))


def printed(token: str, code: str) -> dict[str, str]:
    """What of them stands on the paper."""
    page = f"{current_settings().public_url}/n/letter".removeprefix("https://").removeprefix("http://")
    return {"code": f"{code[:5]}-{code[5:]}", "qr": drawing(link(token)), "verify_at": page}


def note_of(specialist: str | None) -> str:
    """Whom to ask about the letter."""
    return f"联系人：{specialist}" if specialist else ""


def _check(version: LetterVersion, employer: Employer) -> None:
    if reasons := objections(version, employer):
        raise DomainError(_l("This letter cannot leave:"), reasons)


def objections(version: LetterVersion, employer: Employer) -> list[Any]:
    """Every reason why no such letter may go to the employer today."""
    reasons: list[Any] = []
    if version.template.case_only:
        reasons.append(_l("It is issued in a case by two officers only."))
    if not employer.address:
        reasons.append(_l("The employer has no address."))
    elif queries.came_back(employer):
        reasons.append(_l("The last letter to this address came back: find out the right address first."))
    reasons += [
        _l("Nobody has confirmed the wording of %(basis)s: an administrator does it.", basis=basis)
        for basis in text.unconfirmed(text.wording(version), today())
    ]
    return reasons


def _archive(letter: Letter, actor: Actor) -> None:
    """The document is kept under its hash, as a file of the letter."""
    with checked(io.BytesIO(document([letter.data]))) as incoming:
        letter.sha256 = incoming.draft.sha256
        attach(kind_of(letter), letter, incoming, f"{letter.number}.pdf", actor)
    db.session.flush()


@signals.after_transition.connect
def follow_undo(
    workflow: Workflow[Any], set_moves: Sequence[SetMove] = (), transition: Any = None, **_more: object
) -> None:
    """What a list of the post's asked for is not to be done once the list is taken back, and the other way
    round: a letter that is refused or returned again asks anew."""
    if workflow is not LETTER or transition is None or transition.name != RESTORED:
        return
    ids, state = [one.record_id for one in set_moves], LetterState(transition.target)
    asked = (Task.source_type == SOURCE, Task.kind.in_(TASKS), among(Task.source_id, ids))
    for task in db.session.scalars(select(Task).where(*asked, Task.state == TaskState.OPEN)):
        cancel(task, None, TAKEN_BACK)
    if (ask := ASKING.get(state)) is not None:
        for letter in db.session.scalars(select(Letter).where(among(Letter.id, ids))):
            ask(letter)


def forget_people(_sender: object, names: Mapping[int, str]) -> None:
    """Receiver of `people_forgotten`: a letter opens no more by the number of somebody whom no record knows.

    The document itself is a record of the office and stays as it was issued. Past the session, as the trail
    would keep the numbers.
    """
    served = select(EmployerContact.employer_id).where(among(EmployerContact.contact_id, list(names)))
    known = exists().where(Contact.mobile == Letter.phone)
    theirs = update(Letter).where(Letter.employer_id.in_(served), Letter.phone.is_not(None), ~known)
    db.session.execute(theirs.values(phone=None), execution_options={"synchronize_session": False})
