"""What is sealed with which key; and what is kept for how long."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple

from flask_babel import lazy_gettext as _l
from sqlalchemy import JSON, Column, ColumnElement, String, Table, Text, cast, false, func, or_, select

from app.core.clock import now
from app.core.db import db
from app.core.errors import NotFound
from app.core.features import current_features
from app.core.personal.keys import KeysRefused, keys_in_file, keys_in_use, proven_keys
from app.core.personal.retaining import Retention, months_ago
from app.core.personal.sealed import FORM, SealedText
from app.personal.models import RetentionRule, RetentionRun

#: as long as its job may take: a run that is not finished after that was stopped
LONGEST_RUN = timedelta(hours=2)


class SealedColumn(NamedTuple):
    """A column of sealed values, and the blind index beside it."""

    table: Table
    column: Column[object]
    blind: Column[str]

    @property
    def purpose(self) -> str:
        kind = self.column.type
        if not isinstance(kind, SealedText):
            raise TypeError(self.column.name)
        return kind.purpose


def sealed_columns() -> Iterator[SealedColumn]:
    """Every column of the database that holds sealed values."""
    for table in db.metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, SealedText):
                yield SealedColumn(table, column, table.c[f"{column.name}_index"])


def note_columns() -> Iterator[tuple[Table, Column[Any]]]:
    """Where writes are noted so that they can be taken back: sealed values stand there, too."""
    for table in db.metadata.sorted_tables:
        if "notes" in table.c and isinstance(table.c.notes.type, JSON):
            yield table, table.c.notes


def notes_sealed_by(column: Column[Any], numbers: Collection[int]) -> ColumnElement[bool]:
    """Whether notes hold a value that one of these keys has sealed."""
    return or_(false(), *(cast(column, Text).like(f'%"{FORM}.{number}.%') for number in numbers))


def values_by_key() -> dict[int, int]:
    """How many values each key in use has sealed; the notes of one write count as one."""
    found: Counter[int] = Counter(dict.fromkeys(keys_in_use(), 0))
    for table, column, _blind in sealed_columns():
        for number in keys_in_use():
            sealed = column.cast(String).like(f"{FORM}.{number}.%")
            found[number] += db.session.scalar(select(func.count()).select_from(table).where(sealed)) or 0
    for table, notes in note_columns():
        for number in keys_in_use():
            noted = select(func.count()).select_from(table).where(notes_sealed_by(notes, [number]))
            found[number] += db.session.scalar(noted) or 0
    return dict(found)


def trouble_with_keys() -> str:
    """Why nothing can be sealed or opened now; empty when all is well."""
    try:
        proven_keys()
    except KeysRefused as error:
        return error.message
    return ""


def numbers_in_file() -> list[int]:
    """The numbers of the keys in the file; none when it is absent or damaged."""
    try:
        return sorted(keys_in_file())
    except KeysRefused:
        return []


# --- how long what is kept ------------------------------------------------------------------------


@dataclass(frozen=True)
class Standing:
    """A rule as it stands: what the department has set, how much is due now, and the last run."""

    rule: Retention
    months: int
    enabled: bool
    due: int
    last: RetentionRun | None


def rule_named(code: str) -> Retention:
    """Raises NotFound for a rule that no feature declares."""
    rule = current_features().retention.get(code)
    if rule is None:
        raise NotFound(_l("There is no such rule."))
    return rule


def set_for(rule: Retention) -> tuple[int, bool]:
    """How many months, and whether it is carried out every night: as set, or else as declared."""
    own = db.session.get(RetentionRule, rule.code)
    return (own.months, own.enabled) if own else (rule.months, True)


def due_ids(rule: Retention, months: int, after: int = 0) -> list[int]:
    """The next ids that are due, oldest first."""
    query = rule.due(months_ago(months))
    identity = query.selected_columns[0]
    return list(db.session.scalars(query.where(identity > after).order_by(identity).limit(rule.batch)))


def count_due(rule: Retention, months: int) -> int:
    query = rule.due(months_ago(months)).order_by(None).subquery()
    return db.session.scalar(select(func.count()).select_from(query)) or 0


def standing(rule: Retention) -> Standing:
    months, enabled = set_for(rule)
    last = select(RetentionRun).where(RetentionRun.code == rule.code).order_by(RetentionRun.id.desc())
    return Standing(rule, months, enabled, count_due(rule, months), db.session.scalar(last.limit(1)))


def standings() -> list[Standing]:
    """Every rule, in the order of the features."""
    return [standing(rule) for rule in current_features().retention.values()]


def broken_off(rule: Retention) -> Sequence[RetentionRun]:
    """Runs that were stopped in the middle and never told of."""
    long_ago = now() - LONGEST_RUN
    return db.session.scalars(
        select(RetentionRun).where(
            RetentionRun.code == rule.code,
            RetentionRun.finished_at.is_(None),
            RetentionRun.started_at < long_ago,
        )
    ).all()
