"""The rows of a batch as its event vouches for them: a digest when the batch is done, and the proof later.

The rows are divided, by their number in the sheet, into some thirty blocks with a digest each, so that the
proof can say where they differ; of a short sheet each block is one row.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import String, Text, cast, func, literal, select, type_coerce

from app.audit.models import AuditEvent
from app.core.db import among, db, is_postgresql
from app.core.language.i18n import msgid
from app.core.proofs import SEAL, Findings, Flaw
from app.imports.models import BatchState, ImportBatch, ImportRow

APPLIED, TAKEN_BACK = msgid("Import applied"), msgid("Import taken back")
BLOCKS = 32
GONE = msgid("the import itself is gone")
CLEARED = msgid("its rows were deleted, but not by the department's rule")
DIFFERENT = msgid("its rows are not what was written")

#: A row as text: what it did to which record, and what became of that when the batch was taken back. The
#: database makes the texts: reading JSON only to write it again would cost many times as much.
_CONTENT = ("number", "outcome", "key", "record_id", "values", "notes", "reasons")
_FATE = ("undone", "kept")
_BETWEEN = "\x1f"


@dataclass(frozen=True)
class Seal:
    """Digests over the rows, `step` numbers to a block. `fate`: what became of them is covered as well."""

    step: int
    rows: int
    digests: tuple[str, ...]
    fate: bool

    @property
    def details(self) -> dict[str, Any]:
        """As an event keeps it."""
        return {"step": self.step, "rows": self.rows, "fate": self.fate, "digests": list(self.digests)}

    @classmethod
    def of(cls, details: Mapping[str, Any]) -> "Seal":
        return cls(details["step"], details["rows"], tuple(details["digests"]), details["fate"])

    def differs_from(self, found: "Seal") -> tuple[int, int]:
        """The first and the last row number of the blocks that are not the same."""
        pairs = enumerate(zip(self.digests, found.digests, strict=True))
        blocks = [number for number, (one, other) in pairs if one != other]
        return blocks[0] * self.step + 1, (blocks[-1] + 1) * self.step


def seal(batch: ImportBatch, *, fate: bool) -> Seal:
    """The seal of a batch's rows as they are now; reads all of them, in constant memory."""
    step = max(1, -(-batch.last_row // BLOCKS))
    return _sealed(_texts([batch.id]), step, fate)


def _sealed(rows: Iterable[Sequence[Any]], step: int, fate: bool) -> Seal:
    digests, count, last = [hashlib.sha256() for _ in range(BLOCKS)], 0, BLOCKS - 1
    for _batch, number, content, became in rows:
        block = min((number - 1) // step, last) if number > 0 else 0
        digests[block].update(f"{content}{_BETWEEN}{became if fate else ''}\n".encode())
        count += 1
    return Seal(step, count, tuple(one.hexdigest() for one in digests), fate)


def _texts(batch_ids: Sequence[int]) -> Iterator[Sequence[Any]]:
    """Each row's batch, number, content and fate, batch by batch in the order of the sheet."""
    query = (
        select(ImportRow.batch_id, ImportRow.number, _text(_CONTENT), _text(_FATE))
        .where(among(ImportRow.batch_id, batch_ids))
        .order_by(ImportRow.batch_id, ImportRow.number, ImportRow.id)
        .execution_options(yield_per=2000)
    )
    yield from db.session.execute(query)


def _text(names: Sequence[str]) -> Any:
    joined: Any = None
    for name in names:
        column = getattr(ImportRow, name)
        # SQLite makes a text of whatever it joins
        text: Any = cast(column, Text) if is_postgresql() else type_coerce(column, String)
        text = func.coalesce(text, "") if column.nullable else text
        joined = text if joined is None else joined.op("||")(text)
        joined = joined.op("||")(literal(_BETWEEN))
    return type_coerce(joined, String)


def check() -> Findings:
    """Compares the rows of every batch with the newest event that vouches for them."""
    sealed = _seals()
    batches = {batch.id: batch for batch in db.session.scalars(select(ImportBatch))}
    flaws = [Flaw(number, name, GONE) for number, (name, _seals) in sealed.items() if number not in batches]
    cleared = {number for number in sealed if number in batches and batches[number].cleared_at is not None}
    told = _told_as_cleared() if cleared else set()
    flaws += [Flaw(number, batches[number].file_name, CLEARED) for number in sorted(cleared - told)]
    present = sorted(number for number in sealed if number in batches and number not in cleared)
    found = {
        number: _compare(batches[number], sealed[number][1], rows) for number, rows in _by_batch(present)
    }
    flaws += [flaw for flaw in found.values() if flaw is not None]
    done = (BatchState.APPLIED, BatchState.UNDONE)
    unsealed = [b.id for b in batches.values() if b.state in done and b.id not in sealed and not b.cleared_at]
    flaws.sort(key=lambda flaw: flaw.record_id)
    return Findings(len(sealed) - len(flaws), tuple(flaws), tuple(sorted(unsealed)))


def _seals() -> dict[int, tuple[str, list[Seal]]]:
    """By batch: its file's name, and its seals, the oldest first."""
    query = (
        select(AuditEvent.subject_id, AuditEvent.subject_name, AuditEvent.details)
        .where(
            AuditEvent.subject_type == ImportBatch.__tablename__,
            AuditEvent.action.in_((APPLIED, TAKEN_BACK)),
        )
        .order_by(AuditEvent.id)
    )
    found: dict[int, tuple[str, list[Seal]]] = {}
    for number, name, details in db.session.execute(query):
        if given := json.loads(details).get(SEAL):
            found.setdefault(int(number), (name, []))[1].append(Seal.of(given))
    return found


def _told_as_cleared() -> set[int]:
    """The batches whose clearing is an event of the chain itself."""
    query = select(AuditEvent.subject_id).where(
        AuditEvent.subject_type == ImportBatch.__tablename__, AuditEvent.changes.contains('"cleared_at"')
    )
    return {int(number) for number in db.session.scalars(query)}


def _by_batch(batch_ids: Sequence[int]) -> Iterator[tuple[int, Iterable[Sequence[Any]]]]:
    """Each batch with its rows, also those of which no row is left."""
    missing = iter(batch_ids)
    for number, rows in groupby(_texts(batch_ids), key=lambda row: row[0]):
        for other in missing:
            if other == number:
                break
            yield other, ()
        yield number, rows
    for other in missing:
        yield other, ()


def _compare(batch: ImportBatch, seals: Sequence[Seal], rows: Iterable[Sequence[Any]]) -> Flaw | None:
    # while rows are being taken back, only what they did is certain
    fitting = [one for one in seals if not (batch.busy and one.fate)]
    if not fitting:
        return None
    known = fitting[-1]
    found = _sealed(rows, known.step, known.fate)
    if found == known:
        return None
    return Flaw(batch.id, batch.file_name, DIFFERENT, known.differs_from(found))
