"""The chunks of a batch's file: the month found, the lines parsed and prepared, ahead where that pays."""

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from flask_babel import lazy_gettext as _l

from app.core.clock import today
from app.core.db import db
from app.core.errors import DomainError
from app.core.importing.lines import Chunk, Pack, chunks
from app.core.importing.spec import Context, ImportSpec
from app.core.importing.staging import packed
from app.core.periods import Period
from app.core.sheets.ahead import may_fork, reading_ahead
from app.core.sheets.headings import Named
from app.core.sheets.parsing import find_period
from app.core.sheets.reading import Table, open_table, sheets_alike
from app.core.sheets.refusals import SheetRefused
from app.imports.workflow import Hold

#: bytes of a file that is worth a process of its own to read it: a workbook of some 5,000 rows
LARGE = 400 << 10


@dataclass(frozen=True, slots=True)
class Source:
    """A kept file, its name, the row after which to go on, and whether somebody said what day it is of.

    `words` are what people said of headings that it may have.
    """

    path: Path
    file_name: str
    after: int
    day_given: bool
    words: Sequence[Named] = ()


def reading(source: Source, spec: ImportSpec, context: Context, hold: Hold, *, pack: bool) -> Iterator[Chunk]:
    """The file's chunks. Reading and parsing happen between transactions, so nobody waits for them.

    Without a month the batch takes the file's own. With `pack` the lines come packed, where the spec has a
    set-wise way. Raises SheetRefused, and DomainError when the month is missing.
    """
    with open_table(source.path, spec.headings, named=source.words) as table:
        hold.keep(**_as_read(table, sheets_alike(source.path, spec.headings, table.sheet, source.words)))
        if spec.needs_period and context.period is None:
            context.period = _period_of(source, table)
            hold.keep(period=context.period)
        if not source.day_given:
            context.as_of = usual_day(
                context.period or find_period(table.title, table.sheet, source.file_name)
            )
            hold.keep(as_of=context.as_of)
        if table.title:
            hold.keep(title=table.title[:200])
        packing = _packing(spec, context) if pack else None
        lines = chunks(spec, table, source.after, spec.preparing(context), packing)
        large = source.path.stat().st_size >= LARGE
        with reading_ahead(lines) if large and may_fork() else nullcontext(lines) as steps:
            if (first := next(steps, None)) is not None:
                yield first
            elif not source.after:
                raise SheetRefused("no_rows", row=table.header_row)
            yield from steps


def _as_read(table: Table, unread: Sequence[str]) -> dict[str, Any]:
    """What the batch keeps of the headings: how they were read, who sends such files, what is unread."""
    names = {place: name for name, place in table.columns.items()}
    columns = [names.get(place) for place in range(max(len(table.header), *(place + 1 for place in names)))]
    layout: dict[str, Any] = {"titles": list(table.header), "columns": columns, "row": table.header_row - 1}
    if unread:
        layout |= {"sheet": table.sheet, "unread": list(unread)}
    if table.named is None:
        return {"layout": layout}
    said = {"by": table.named.by, "on": table.named.on, "source": table.named.source}
    kept: dict[str, Any] = {"layout": layout | said}
    return kept | {"source": table.named.source} if table.named.source else kept


def usual_day(period: Period | None) -> date:
    """The day a file speaks of when nobody says: the end of its month, or today."""
    return min(today(), period.last_day) if period else today()


def _packing(spec: ImportSpec, context: Context) -> Pack | None:
    way = spec.setwise
    reckon = way.reckon(context) if way else None
    if way is None or reckon is None:
        return None
    return partial(packed, way.table, reckon=reckon, dialect=db.engine.dialect)


def _period_of(source: Source, table: Table) -> Period:
    found = find_period(table.title, table.sheet, source.file_name)
    if found is None:
        raise DomainError(
            _l("Neither the title nor the file name tells the month. Choose it and upload again.")
        )
    if found > Period.of(today()):
        raise DomainError(_l("The title names a month in the future: %(month)s.", month=str(found)))
    return found
