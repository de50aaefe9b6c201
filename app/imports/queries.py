"""Reading batches, their rows, and the file behind them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path, PurePath
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, func, or_, select

from app.audit.queries import rows_called
from app.config import current_settings
from app.core.clock import now
from app.core.db import db
from app.core.errors import DomainError
from app.core.features import current_features
from app.core.files.kept import path_of
from app.core.finding import the_one
from app.core.importing.spec import ImportSpec, Outcome, Reason
from app.core.language import formats
from app.core.periods import Period
from app.core.permissions import Actor
from app.core.sheets.cells import Cell
from app.core.sheets.headings import WHY_LEFT_OUT, Named
from app.core.sheets.parsing import find_period
from app.core.sheets.reading import open_table
from app.core.sheets.refusals import SheetRefused
from app.imports.columns.queries import words_for
from app.imports.later.queries import Hand, hands
from app.imports.models import BUSY, BatchState, ImportBatch, ImportRow
from app.imports.policy import may_use, visible_to
from app.imports.wording.queries import (
    changed_value,
    explained,
    field_called,
    read_value,
    shown_key,
    written_value,
)

#: bytes: a workbook of this size has some 2,000 rows
SMALL = 160 << 10


def specs_for(actor: Actor | None) -> list[ImportSpec]:
    """The kinds of file that the actor may import."""
    return [spec for spec in current_features().import_specs.values() if may_use(actor, spec)]


def spec_named(name: str) -> ImportSpec:
    """Raises NotFound that lists the kinds there are."""
    specs = current_features().import_specs
    if name not in specs:
        known = ", ".join(sorted(specs))
        raise DomainError(
            _l("There is no import named “%(name)s”. There are: %(known)s.", name=name, known=known)
        )
    spec: ImportSpec = specs[name]
    return spec


def batch_for(actor: Actor | None, batch_id: int) -> ImportBatch:
    """Raises NotFound also for a batch of another branch."""
    return the_one(
        select(ImportBatch).where(ImportBatch.id == batch_id, visible_to(actor)),
        _l("There is no such import."),
    )


def batches(actor: Actor | None) -> Select[ImportBatch]:
    """The batches the actor sees."""
    return select(ImportBatch).where(visible_to(actor))


def rows_of(batch: ImportBatch, outcome: Outcome, after: int = 0, limit: int = 50) -> Sequence[ImportRow]:
    """Kept rows of one outcome in the order of the sheet, below row `after`."""
    query = (
        select(ImportRow)
        .where(ImportRow.batch_id == batch.id, ImportRow.outcome == outcome, ImportRow.number > after)
        .order_by(ImportRow.number)
        .limit(limit)
    )
    return db.session.scalars(query).all()


def kept_rows(batch: ImportBatch, after: int = 0, limit: int = 200) -> Sequence[ImportRow]:
    """The rows that undo left because they were edited or are in use."""
    query = (
        select(ImportRow)
        .where(ImportRow.batch_id == batch.id, ImportRow.undone.is_(False), ImportRow.number > after)
        .order_by(ImportRow.number)
        .limit(limit)
    )
    return db.session.scalars(query).all()


def applied_before(batch: ImportBatch) -> ImportBatch | None:
    """The latest batch of the same branch that applied the very same file."""
    query = select(ImportBatch).where(
        ImportBatch.sha256 == batch.sha256,
        ImportBatch.spec == batch.spec,
        ImportBatch.branch_id == batch.branch_id,
        ImportBatch.state == BatchState.APPLIED,
        ImportBatch.id < batch.id,
    )
    return db.session.scalar(query.order_by(ImportBatch.id.desc()).limit(1))


def abandoned() -> Sequence[int]:
    """The ids of batches that want work and that no live worker holds."""
    moment = now()
    query = select(ImportBatch.id).where(
        ImportBatch.state.in_(BUSY),
        or_(ImportBatch.lease_until.is_(None), ImportBatch.lease_until < moment),
        ImportBatch.updated_at < moment - timedelta(seconds=20),
    )
    return db.session.scalars(query).all()


def over_since(before: datetime) -> Select[int]:
    """The ids of imports that have been over since before, and still have their file and rows."""
    ended = func.coalesce(ImportBatch.finished_at, ImportBatch.created_at)
    return select(ImportBatch.id).where(
        ImportBatch.cleared_at.is_(None), ImportBatch.state.not_in(BUSY), ended < before
    )


def is_needed(sha256: str) -> bool:
    """Whether an import that is not cleared has this very file."""
    query = select(ImportBatch.id).where(ImportBatch.sha256 == sha256, ImportBatch.cleared_at.is_(None))
    return db.session.scalar(query.limit(1)) is not None


def folder() -> Path:
    """Where the imported files are kept."""
    return current_settings().home / "imports"


def file_of(batch: ImportBatch) -> Path:
    """The file of the batch. Raises DomainError when the instance folder no longer has it."""
    path = path_of(folder(), batch.sha256)
    if not path.is_file():
        raise DomainError(_l("The file of this import is no longer kept here. Upload it again."))
    return path


def is_small(batch: ImportBatch) -> bool:
    """Whether a dry run of the file is quick enough to wait for in the request."""
    return file_of(batch).stat().st_size <= SMALL


def failure_of(batch: ImportBatch) -> str:
    """Why the batch failed, in the reader's language; empty when it did not."""
    failure = batch.failure
    if "code" in failure:
        return SheetRefused(failure["code"], **failure["detail"]).message
    if "error" in failure:
        return str(
            _("The import broke off by a fault (%(error)s). It can be undone.", error=failure["error"])
        )
    return str(failure.get("message", ""))


def left_out(batch: ImportBatch) -> list[str]:
    """The headings of the file that no column is read from."""
    layout = batch.layout or {"titles": [], "columns": []}
    names = [*layout["columns"], *[None] * len(layout["titles"])]
    columns = zip(layout["titles"], names, strict=False)
    return [title for title, name in columns if title and name is None and title not in WHY_LEFT_OUT]


def is_to_come_again(batch: ImportBatch) -> bool:
    """Whether the file was refused, or rows of it wait to be corrected and imported."""
    return batch.state is BatchState.FAILED or (batch.state is BatchState.APPLIED and batch.rejected > 0)


def name_with_month(batch: ImportBatch) -> str:
    """The file's name without its ending, and with its month where that stood elsewhere."""
    name = PurePath(batch.file_name).stem
    month = batch.period or (Period.of(batch.as_of) if batch.as_of else None)
    return name if month is None or find_period(name) == month else f"{name} {month}"


@dataclass(frozen=True)
class ShownRow:
    """A row as the page shows it, its texts in the reader's language."""

    number: int
    key: str
    record_id: int | None
    values: Sequence[tuple[str, Any]]
    changes: Sequence[tuple[str, Any, Any]]
    reasons: Sequence[str]


def shown(spec: ImportSpec, row: ImportRow, hand: Hand | None = None) -> ShownRow:
    """What to say of a row: its values, what changed from what to what, and why it was rejected or kept."""
    changes = [
        (called, *(changed_value(spec, note["t"], name, one) for one in (old, note["a"].get(name))))
        for note in row.notes
        if "b" in note
        for name, old in note["b"].items()
        if (called := field_called(spec, name))
    ]
    reasons = [explained(spec, reason) for reason in reasons_of(row)]
    if row.kept:
        reasons.append(_why_kept(spec, row.kept, hand))
    worded = written_value if row.outcome is Outcome.REJECTED else read_value
    values = [
        (spec.label(name), worded(spec, name, value))
        for name, value in row.values.items()
        if value is not None
    ]
    removed = row.outcome is Outcome.NEW and row.undone
    record_id = None if removed else row.record_id
    return ShownRow(row.number, shown_key(spec, row.key), record_id, values, changes, reasons)


@dataclass(frozen=True)
class Page:
    """The rows of one tab, and the number to go on after, if there are more."""

    tab: str
    rows: Sequence[ShownRow]
    more: int | None


def page(batch: ImportBatch, spec: ImportSpec, tab: str, after: int = 0, size: int = 50) -> Page:
    """A tab is an outcome or "kept"; without one, the first that has rows."""
    if tab not in {*Outcome, "kept"}:
        tab = "kept" if batch.kept else next((o for o in Outcome if getattr(batch, o)), Outcome.NEW)
    if tab == "kept":
        found = kept_rows(batch, after, size + 1)
    else:
        found = rows_of(batch, Outcome(tab), after, size + 1)
    more = found[size - 1].number if len(found) > size else None
    by = hands(batch, spec, found[:size]) if tab == "kept" else {}
    return Page(str(tab), [shown(spec, row, by.get(row.record_id or 0)) for row in found[:size]], more)


def _why_kept(spec: ImportSpec, kept: dict[str, Any], hand: Hand | None) -> str:
    if kept["code"] == "in_use":
        return str(
            _("Newer records depend on it (%(tables)s).", tables="、".join(map(rows_called, kept["names"])))
        )
    if kept["code"] == "gone":
        return str(_("The record no longer exists."))
    names = "、".join(found for name in kept["names"] if (found := field_called(spec, name)))
    if kept["code"] == "taken":
        return str(_("What it would get back is another record's by now: %(fields)s.", fields=names))
    why = _("It was edited since: %(fields)s.", fields=names) if names else _("It was edited since.")
    if hand is not None:
        why += _("By %(name)s on %(day)s.", name=hand.name, day=formats.date(hand.at))
    return str(why)


@dataclass(frozen=True)
class ReasonCounts:
    """Why rows were rejected, and what is worth knowing of others, the most frequent first."""

    rejections: list[tuple[str, int]]
    remarks: list[tuple[str, int]]


def reason_counts(batch: ImportBatch, spec: ImportSpec) -> ReasonCounts:
    counts = ReasonCounts([], [])
    for key, count in sorted(batch.reasons.items(), key=lambda pair: -pair[1]):
        column, _dot, code = key.rpartition(".")
        kind = counts.remarks if spec.is_remark(code) else counts.rejections
        kind.append((spec.headline(Reason(code, column)), count))
    return counts


def reasons_of(row: ImportRow) -> list[Reason]:
    return [Reason(code, column, params) for column, code, params in row.reasons]


def rejected_table(batch: ImportBatch) -> tuple[list[str], Iterator[list[Cell]]]:
    """The rejected rows as they came, with a last column that says why: header and rows.

    The rows are read from the kept file; the iterator raises SheetRefused if it cannot be read any more.
    """
    spec = spec_named(batch.spec)
    path = file_of(batch)
    query = select(ImportRow.number, ImportRow.reasons).where(
        ImportRow.batch_id == batch.id, ImportRow.outcome == Outcome.REJECTED
    )
    why = {
        number: "；".join(explained(spec, Reason(code, column, params)) for column, code, params in reasons)
        for number, reasons in db.session.execute(query)
    }
    stream = _rejected(path, spec, words_for(batch), why)
    header = next(stream)
    return [str(cell) for cell in header], stream


def _rejected(
    path: Path, spec: ImportSpec, words: Sequence[Named], why: dict[int, str]
) -> Iterator[list[Cell]]:
    with open_table(path, spec.headings, named=words) as table:
        width = len(table.header)
        yield [*table.header, _("Why it was not imported")]
        for block in table.rows:
            for row in block:
                if row.number in why:
                    cells = row.cells[:width]
                    yield [*cells, *[None] * (width - len(cells)), why[row.number]]
