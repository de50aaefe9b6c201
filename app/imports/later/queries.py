"""Imports and people that an import has to give way to: by the day of its file, or by what was done since."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, select

from app.audit.models import AuditEvent
from app.audit.queries import actor_of
from app.core.db import db
from app.core.features import current_features
from app.core.importing.spec import ImportSpec
from app.imports.models import BatchState, ImportBatch, ImportRow

#: as many as are worth naming
MOST_NAMED = 5


def newer_file(batch: ImportBatch) -> ImportBatch | None:
    """The applied import of the kind whose file speaks of the latest day, if it is later than this one."""
    if batch.as_of is None:
        return None
    query = _applied(batch, ImportBatch.spec == batch.spec, ImportBatch.as_of > batch.as_of)
    return db.session.scalar(query.order_by(ImportBatch.as_of.desc(), ImportBatch.id.desc()).limit(1))


def applied_since(batch: ImportBatch, spec: ImportSpec) -> Sequence[ImportBatch]:
    """What was applied after it to records of the same kind, and stands: newest first."""
    specs = current_features().import_specs.values()
    akin = [one.name for one in specs if one.subject == spec.subject]
    query = _applied(batch, ImportBatch.spec.in_(akin), ImportBatch.id > batch.id)
    return db.session.scalars(query.order_by(ImportBatch.id.desc()).limit(MOST_NAMED)).all()


def _applied(batch: ImportBatch, *conditions: ColumnElement[bool]) -> Select[ImportBatch]:
    here = (ImportBatch.branch_id == batch.branch_id, ImportBatch.id != batch.id)
    return select(ImportBatch).where(*here, ImportBatch.state == BatchState.APPLIED, *conditions)


@dataclass(frozen=True)
class Hand:
    """Who changed a record, and when."""

    name: str
    at: datetime


def hands(batch: ImportBatch, spec: ImportSpec, rows: Sequence[ImportRow]) -> Mapping[int, Hand]:
    """By record: who last changed a field that keeps its row from being taken back; files are not people."""
    kept = {row.record_id: set(row.kept["names"]) for row in rows if _by_hand(spec, row)}
    query = select(AuditEvent).where(
        AuditEvent.subject_type == spec.subject,
        AuditEvent.subject_id.in_([str(record_id) for record_id in kept]),
        AuditEvent.at >= batch.created_at,
        AuditEvent.actor_id.is_not(None),
    )
    found: dict[int, Hand] = {}
    for event in db.session.scalars(query.order_by(AuditEvent.id)) if kept else ():
        record_id = int(event.subject_id or 0)
        if not kept[record_id] or kept[record_id] & set(event.fields):
            found[record_id] = Hand(actor_of(event), event.at)
    return found


def _by_hand(spec: ImportSpec, row: ImportRow) -> bool:
    edited = row.kept.get("code") == "edited" and row.kept.get("table") == spec.subject
    return edited and row.record_id is not None
