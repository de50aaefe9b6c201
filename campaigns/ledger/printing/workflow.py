"""The way of a print batch to the print room and back, counted both times."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from app.core.clock import today
from app.core.db import db
from app.core.errors import NotFound
from app.core.permissions import Actor
from app.core.workflow.engine import Ask, Reason, State, Tone, Transition, Workflow
from campaigns.channels.letter.issued.models import Letter
from campaigns.channels.letter.issued.policy import Permission
from campaigns.ledger.printing.models import PrintBatch, PrintLine, PrintState
from campaigns.ledger.printing.policy import visible_to

S = PrintState


def find(batch_id: int, actor: Actor | None) -> PrintBatch:
    """A batch in the actor's reach. Raises NotFound."""
    query = select(PrintBatch).where(PrintBatch.id == batch_id, visible_to(actor))
    found = db.session.scalar(query.options(joinedload(PrintBatch.campaign)))
    if found is None:
        raise NotFound(_l("There is no such print batch."))
    return found


def good(batch: PrintBatch) -> int:
    """Lines that are not spoilt."""
    query = select(func.count()).where(PrintLine.batch_id == batch.id, PrintLine.spoilt_at.is_(None))
    return db.session.scalars(query).one()


def has_its_document(batch: PrintBatch, _actor: Actor | None) -> Reason | None:
    """What is handed out is the document in the archive."""
    if not batch.sha256:
        return _l("Its document is still being put together. It takes a minute.")
    return None if good(batch) else _l("None of its letters is good any more.")


def as_many_go_out(batch: PrintBatch, answers: Mapping[str, Any]) -> Reason | None:
    """Spoilt lines are in the document, but nobody counts them as letters."""
    return _differ(answers.get("count_out"), good(batch))


def as_many_come_back(batch: PrintBatch, answers: Mapping[str, Any]) -> Reason | None:
    """Out and in agree, or the batch stays out until it is known which letter is missing or spoilt."""
    return _differ(answers.get("count_in"), good(batch))


def goes_out_as_issued(batch: PrintBatch, answers: Mapping[str, Any]) -> Reason | None:
    """Nothing is printed before the last of its letters was issued."""
    issued = select(func.max(Letter.issued_on)).join(PrintLine, PrintLine.letter_id == Letter.id)
    last = db.session.scalar(issued.where(PrintLine.batch_id == batch.id))
    return _out_of_order(answers.get("handed_on"), last)


def comes_back_after_it_went(batch: PrintBatch, answers: Mapping[str, Any]) -> Reason | None:
    """A batch comes back on the day on which it went out, or later."""
    return _out_of_order(answers.get("returned_on"), batch.handed_on)


def _out_of_order(day: Any, earliest: Any) -> Reason | None:
    if day is not None and day > today():
        return _l("The day lies in the future.")
    if day is not None and earliest is not None and day < earliest:
        return _l("The day lies before %(day)s.", day=earliest.isoformat())
    return None


def _differ(counted: Any, expected: int) -> Reason | None:
    if counted == expected:
        return None
    return _l(
        "%(counted)s were counted, but %(expected)s letters are in the batch. Count again, or mark the "
        "spoilt lines first.",
        counted=counted,
        expected=expected,
    )


def is_back_from_print(letter: Letter, _actor: Actor | None) -> Reason | None:
    """A letter of a batch is posted once the batch was counted in."""
    query = (
        select(PrintBatch.number)
        .join(PrintLine, PrintLine.batch_id == PrintBatch.id)
        .where(PrintLine.letter_id == letter.id, PrintBatch.state != S.RETURNED)
    )
    number = db.session.scalar(query)
    if number is None:
        return None
    return _l("It is in print batch %(number)s, which has not come back from printing.", number=number)


PRINT_BATCH = Workflow[PrintBatch](
    name="print_batch",
    title=_l("Print batch"),
    model=PrintBatch,
    kind="print_batch",
    load=find,
    endpoint="printing.show",
    employer_id=lambda _batch: None,
    states=(
        State(S.READY, _l("Ready to print")),
        State(S.OUT, _l("At the print room"), Tone.ACTIVE),
        State(S.RETURNED, _l("Printed and counted"), Tone.GOOD, final=True),
    ),
    transitions=(
        Transition(
            "hand_out",
            _l("Hand to print"),
            (S.READY,),
            S.OUT,
            Permission.FOLLOW,
            asks=(
                Ask("handed_on", _l("Handed over on"), "date"),
                Ask("count_out", _l("Letters counted out"), "count"),
            ),
            guards=(has_its_document,),
            checks=(goes_out_as_issued, as_many_go_out),
        ),
        Transition(
            "take_in",
            _l("Take back from print"),
            (S.OUT,),
            S.RETURNED,
            Permission.FOLLOW,
            asks=(
                Ask("returned_on", _l("Came back on"), "date"),
                Ask("count_in", _l("Letters counted in"), "count"),
            ),
            checks=(comes_back_after_it_went, as_many_come_back),
        ),
    ),
)
