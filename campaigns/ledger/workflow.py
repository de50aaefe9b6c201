"""The allowed moves of a message: the one table that every statement of the ledger is built from."""

from collections.abc import Iterable, Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Update, select, update

from app.core.db import db, is_postgresql
from app.core.workflow.engine import Tone
from campaigns.ledger.models import LETTER, MESSAGES, Message, MessageState

S = MessageState

#: The states as a person reads them: word and tone, in the order of a message's life.
LABELS: dict[MessageState, tuple[Any, Tone]] = {
    S.PLANNED: (_l("Waiting"), Tone.NEUTRAL),
    S.CLAIMED: (_l("Handing over"), Tone.ACTIVE),
    S.SUBMITTED: (_l("With the operator"), Tone.ACTIVE),
    S.DELIVERED: (_l("Delivered"), Tone.GOOD),
    S.FAILED: (_l("Not delivered"), Tone.DANGER),
    S.EXPIRED: (_l("Not confirmed"), Tone.WARNING),
    S.UNKNOWN: (_l("In doubt"), Tone.WARNING),
    S.SUPPRESSED: (_l("Left out"), Tone.DONE),
}

#: The same of letters.
LETTER_LABELS: dict[MessageState, tuple[Any, Tone]] = LABELS | {
    S.CLAIMED: (_l("Being made"), Tone.ACTIVE),
    S.SUBMITTED: (_l("Made, on its way"), Tone.ACTIVE),
}

#: From each state, where a message may go. Evidence outranks expectation: a receipt settles a message in any
#: open state, because whoever received it has received it. A verdict stands, but "nobody ever said" yields
#: to a late receipt of delivery.
MOVES: dict[MessageState, frozenset[MessageState]] = {
    S.PLANNED: frozenset({S.CLAIMED, S.SUPPRESSED, S.DELIVERED, S.FAILED, S.EXPIRED}),
    S.CLAIMED: frozenset({S.SUBMITTED, S.PLANNED, S.UNKNOWN, S.DELIVERED, S.FAILED, S.EXPIRED}),
    S.SUBMITTED: frozenset({S.DELIVERED, S.FAILED, S.EXPIRED}),
    S.UNKNOWN: frozenset({S.CLAIMED, S.SUBMITTED, S.DELIVERED, S.FAILED, S.EXPIRED}),
    S.EXPIRED: frozenset({S.DELIVERED}),
    S.DELIVERED: frozenset(),
    S.FAILED: frozenset(),
    S.SUPPRESSED: frozenset(),
}

#: A letter that is spoilt is made anew, and the post's verdict is not the last one: what came back may be
#: posted again, or handed over on a visit. What nobody finished making is simply made, and what was not
#: printed when its campaign was cancelled goes to nobody.
LETTER_MOVES = MOVES | {
    S.PLANNED: frozenset({S.CLAIMED, S.SUPPRESSED}),
    S.CLAIMED: frozenset({S.SUBMITTED, S.PLANNED}),
    S.SUBMITTED: frozenset({S.PLANNED, S.SUPPRESSED, S.DELIVERED, S.FAILED, S.EXPIRED}),
    S.FAILED: frozenset({S.SUBMITTED, S.DELIVERED}),
    # only when the post's list that said so is taken back
    S.DELIVERED: frozenset({S.SUBMITTED, S.FAILED}),
    S.EXPIRED: frozenset({S.DELIVERED, S.FAILED}),
}

#: States in which something is still to happen; a campaign finishes when no message is in one of them.
OPEN = (S.PLANNED, S.CLAIMED, S.SUBMITTED, S.UNKNOWN)


def sources(
    target: MessageState, moves: Mapping[MessageState, frozenset[MessageState]] = MOVES
) -> frozenset[MessageState]:
    """The states from which a message may move to `target`."""
    return frozenset(state for state, targets in moves.items() if target in targets)


def move_letters(target: MessageState, *conditions: ColumnElement[bool], **values: Any) -> Update:
    """The same as `move` of letters, which have moves of their own."""
    allowed = sorted(sources(target, LETTER_MOVES))
    return (
        update(MESSAGES)
        .where(*conditions, MESSAGES.c.channel == LETTER, MESSAGES.c.state.in_(allowed))
        .values(state=target, **values)
    )


def move(
    target: MessageState,
    *conditions: ColumnElement[bool],
    only_from: Iterable[MessageState] | None = None,
    **values: Any,
) -> Update:
    """A set-wise move of the messages that meet the conditions and may make it; others stay as they are.

    It goes past the session: flush before, and do not trust loaded messages after it.
    `only_from` narrows the sources, it cannot widen them.
    """
    allowed = sources(target) if only_from is None else sources(target) & frozenset(only_from)
    return (
        update(MESSAGES)
        .where(*conditions, MESSAGES.c.state.in_(sorted(allowed)))
        .values(state=target, **values)
    )


def lock(*conditions: ColumnElement[bool]) -> None:
    """Take the rows that several statements are about to move, in one order, so that two callers cannot
    deadlock.

    SQLite has one writer anyway.
    """
    if is_postgresql():
        db.session.execute(select(Message.id).where(*conditions).order_by(Message.id).with_for_update())
