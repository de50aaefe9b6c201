"""Worklists of two records that may be one: the pairs, their explained score, and what was decided of them.

What makes two employers or two people alike stays with them; here is what every such worklist has in common.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ForeignKey, Text, delete, func, select
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from app.core.bulk import insert_rows, update_rows
from app.core.clock import now
from app.core.db import EnumText, among, db
from app.core.errors import Conflict, DomainError
from app.core.permissions import Actor

#: the ids of two records, the smaller first
Ids = tuple[int, int]
#: the score of a pair, and the rules that made it, the weightiest first
Weighed = tuple[int, list[str]]


class PairState(StrEnum):
    OPEN = "open"
    MERGED = "merged"
    DISTINCT = "distinct"


STATE_LABELS = {
    PairState.OPEN: _l("To be looked at"),
    PairState.MERGED: _l("Merged into one"),
    PairState.DISTINCT: _l("Not a duplicate"),
}
STATE_TONES = {PairState.OPEN: "warning", PairState.MERGED: "done", PairState.DISTINCT: "neutral"}


class Pairing:
    """Two records that look like one. `rules` are the names of the rules that say so.

    The first is the one with the smaller id; no foreign keys, so that imports that are undone need not know
    of it. What a person decided stays, however often the job looks again.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    first_id: Mapped[int]
    second_id: Mapped[int]
    score: Mapped[int]
    rules: Mapped[list[Any]] = mapped_column(default=list)
    state: Mapped[PairState] = mapped_column(EnumText(PairState), default=PairState.OPEN)
    reason: Mapped[str] = mapped_column(Text, default="")
    decided_at: Mapped[datetime | None]
    found_at: Mapped[datetime] = mapped_column(default=now)

    @declared_attr
    def decided_by_id(cls) -> Mapped[int | None]:
        return mapped_column(ForeignKey("users.id"))


def scored(rules: set[str], weights: Mapping[str, int]) -> Weighed:
    """The score of a pair that all these rules hold of."""
    return sum(weights[rule] for rule in rules), sorted(rules, key=lambda rule: (-weights[rule], rule))


def store(model: type[Any], found: Mapping[Ids, Weighed]) -> int:
    """Adds new pairs, corrects the score of open ones, and drops open ones that were not found again.

    Gives how many are open.
    """
    table, moment = model.__table__, now()
    columns = (table.c[name] for name in ("id", "first_id", "second_id", "score", "rules", "state"))
    known: dict[Ids, Any] = {
        (row.first_id, row.second_id): row for row in db.session.execute(select(*columns))
    }
    new = [
        {"first_id": pair[0], "second_id": pair[1], "score": score, "rules": rules, "found_at": moment}
        for pair, (score, rules) in found.items()
        if pair not in known
    ]
    insert_rows(table, [{**row, "state": PairState.OPEN, "reason": ""} for row in new])
    still_open = {pair: row for pair, row in known.items() if row.state is PairState.OPEN}
    update_rows(
        table,
        [
            {"id": row.id, "score": found[pair][0], "rules": found[pair][1]}
            for pair, row in still_open.items()
            if pair in found and (row.score, row.rules) != found[pair]
        ],
    )
    gone: Sequence[int] = [row.id for pair, row in still_open.items() if pair not in found]
    db.session.execute(delete(model).where(among(model.id, gone)))
    db.session.expire_all()
    return db.session.scalar(select(func.count()).where(model.state == PairState.OPEN)) or 0


def keep_apart(pair: Pairing, reason: str, actor: Actor, ask: Any) -> None:
    """Two after all; the job does not ask again. `ask` is the refusal when no reason was given."""
    if pair.state is not PairState.OPEN:
        raise Conflict(_l("This pair was decided on already."))
    if not reason.strip():
        raise DomainError(ask)
    pair.state, pair.reason = PairState.DISTINCT, reason.strip()
    pair.decided_by_id, pair.decided_at = actor.id, now()


def reopen(pair: Pairing) -> None:
    """Somebody doubts the decision: the pair is looked at again."""
    if pair.state is not PairState.DISTINCT:
        raise Conflict(_l("Only a pair that was kept apart can be opened again."))
    pair.state, pair.reason, pair.decided_by_id, pair.decided_at = PairState.OPEN, "", None, None
    db.session.flush()
