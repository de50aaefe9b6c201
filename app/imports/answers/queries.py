"""Where a file contradicts what people corrected: who corrected it, when, and what is decided so far."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import ColumnElement, select

from app.audit.models import AuditEvent
from app.core.db import db
from app.core.importing.conflicts import CONFLICTS as CODES
from app.core.importing.conflicts import REPLACED, Answers
from app.core.importing.spec import ImportSpec, Reason
from app.imports.models import ImportBatch, ImportRow
from app.imports.wording.queries import said_value, shown_key

#: the name of the tab
CONFLICTS = "conflicts"
PAGE = 50
#: events looked at for one page; a correction that is older than so many others is told without its author
EVENTS = 500


@dataclass(frozen=True)
class FieldAsked:
    """One field in all rows: how many contradict, and what is decided for them."""

    name: str
    label: str
    rows: int
    answer: str


@dataclass(frozen=True)
class Contradicted:
    """One field of one row. `answer` is "" where the field's answer holds; `replaced` is what comes of it."""

    number: int
    key: str
    record_id: int | None
    name: str
    label: str
    correction: str
    by: str
    since: str
    value: str
    answer: str
    replaced: bool


@dataclass(frozen=True)
class Asked:
    """A page of contradictions. `more` is the row to go on after, if there are more."""

    fields: Sequence[FieldAsked]
    rows: Sequence[Contradicted]
    more: int | None


def contradictions(batch: ImportBatch, spec: ImportSpec, tab: str, after: int = 0) -> Asked | None:
    """What the tab of contradictions shows; None on another tab, or where nothing contradicts."""
    if tab != CONFLICTS or not batch.conflicts:
        return None
    found = rows_of(batch, after, PAGE + 1)
    shown, answers = found[:PAGE], Answers.of(batch.answers)
    authors = _authors(spec, {row.record_id for row in shown if row.record_id is not None})
    rows = [_contradicted(row, reason, spec, answers, authors) for row in shown for reason in reasons_of(row)]
    more = shown[-1].number if len(found) > PAGE else None
    return Asked(_fields(batch, spec, answers), rows, more)


def rows_of(batch: ImportBatch, after: int = 0, limit: int | None = None) -> Sequence[ImportRow]:
    contradicts = cast("ColumnElement[bool]", ImportRow.conflict)
    query = select(ImportRow).where(ImportRow.batch_id == batch.id, contradicts, ImportRow.number > after)
    return db.session.scalars(query.order_by(ImportRow.number).limit(limit)).all()


def reasons_of(row: ImportRow) -> list[Reason]:
    """What the row contradicts, field by field."""
    return [Reason(code, column, params) for column, code, params in row.reasons if code in CODES]


def fields_of(batch: ImportBatch) -> dict[str, int]:
    """The fields that are contradicted, with the number of rows of each."""
    counts: dict[str, int] = {}
    for key, count in batch.reasons.items():
        column, _dot, code = key.rpartition(".")
        if code in CODES:
            counts[column] = counts.get(column, 0) + count
    return counts


def _fields(batch: ImportBatch, spec: ImportSpec, answers: Answers) -> list[FieldAsked]:
    return [
        FieldAsked(name, spec.label(name), count, answers.fields.get(name, answers.everything))
        for name, count in fields_of(batch).items()
    ]


def _contradicted(
    row: ImportRow, reason: Reason, spec: ImportSpec, answers: Answers, authors: dict[tuple[int, str], str]
) -> Contradicted:
    said, name = reason.params, reason.column
    answer = answers.rows.get(str(row.number), {}).get(name, "")
    by = authors.get((row.record_id or 0, name), "")
    return Contradicted(
        row.number, shown_key(spec, row.key), row.record_id, name, spec.label(name),
        said_value(spec, name, said["correction"]), by, said["since"], said_value(spec, name, said["value"]),
        answer, reason.code == REPLACED,
    )  # fmt: skip


def _authors(spec: ImportSpec, record_ids: Collection[int]) -> dict[tuple[int, str], str]:
    """Who last changed a field of a record by hand, as the audit trail has it."""
    if not record_ids:
        return {}
    query = (
        select(AuditEvent)
        .where(
            AuditEvent.subject_type == spec.subject,
            AuditEvent.subject_id.in_([str(record_id) for record_id in record_ids]),
        )
        .order_by(AuditEvent.id.desc())
        .limit(EVENTS)
    )
    found: dict[tuple[int, str], str] = {}
    for event in db.session.scalars(query):
        for field in event.fields:
            found.setdefault((int(event.subject_id), field), event.actor_name)
    return found


def shown_corrections(batch: ImportBatch) -> dict[str, dict[str, Any]]:
    """By row and field, what people's corrections were when they were shown."""
    return {
        str(row.number): {reason.column: reason.params["correction"] for reason in reasons_of(row)}
        for row in rows_of(batch)
    }
