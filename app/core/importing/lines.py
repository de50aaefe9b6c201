"""From rows of a sheet to the lines of an import: parsed, keyed, and checked for repetition."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from app.core.importing.spec import Column, ImportSpec, Line, Reason
from app.core.importing.staging import Packed
from app.core.personal.sealed import HIDDEN
from app.core.sheets.cells import Cell, CellError, is_empty
from app.core.sheets.formulas import UNCALCULATED
from app.core.sheets.reading import Row, Table

#: the most rows of one transaction, for which other writers wait
CHUNK = 1_000
#: A row of a packed chunk takes a fifth of the time. The first is small, so that writing begins while the
#: next is read; each has twice the rows of that before.
PACKED_FIRST, PACKED_MOST = 2_500, 10_000


@dataclass(slots=True)
class Misread:
    """A row that is rejected before anything is looked up."""

    number: int
    key: str
    reasons: list[Reason]
    cells: dict[str, str]


@dataclass(slots=True)
class Chunk:
    """Rows of the file, their lines ready to be planned or, for `Setwise`, packed. `last` row looked at."""

    lines: list[Line] = field(default_factory=list)
    packed: Packed | None = None
    misread: list[Misread] = field(default_factory=list)
    last: int = 0

    def __len__(self) -> int:
        return len(self.lines) + len(self.misread) + len(self.packed or ())


#: what a spec makes of a line's values beforehand
Prepare = Callable[[Mapping[str, Any]], Any]
Pack = Callable[[Sequence[Line]], Packed]


def chunks(
    spec: ImportSpec,
    table: Table,
    after: int = 0,
    prepare: Prepare | None = None,
    pack: Pack | None = None,
) -> Iterator[Chunk]:
    """The rows of the table below row `after`, in chunks, their lines prepared, and packed where asked.

    Rows up to `after` were handled by an earlier run; their keys are still read, so that a repetition is
    found.
    """
    reader, most = _Reader(spec, table), PACKED_FIRST if pack else CHUNK
    chunk = Chunk()
    for block in table.rows:
        for row in block:
            found = reader.read(row)
            if row.number <= after:
                continue
            chunk.last = row.number
            if isinstance(found, Line):
                if prepare is not None:
                    found.prepared = prepare(found.values)
                chunk.lines.append(found)
            else:
                chunk.misread.append(found)
            if len(chunk) >= most:
                yield _ready(chunk, pack)
                chunk, most = Chunk(), min(2 * most, PACKED_MOST) if pack else most
    if len(chunk):
        yield _ready(chunk, pack)


def _ready(chunk: Chunk, pack: Pack | None) -> Chunk:
    if pack is not None and chunk.lines:
        chunk.packed, chunk.lines = pack(chunk.lines), []
    return chunk


class _Reader:
    """Parses row after row of one table."""

    def __init__(self, spec: ImportSpec, table: Table) -> None:
        present = [column for column in spec.columns if column.name in table.columns]
        self._columns: list[tuple[Column, int]] = [(column, table.columns[column.name]) for column in present]
        self._key, self._key_otherwise = spec.key, spec.key_otherwise
        named = {*spec.key, *spec.key_otherwise}
        self._personal = [one.name for one in present if one.personal and one.name in named]
        self._seen: dict[Any, int] = {}

    def read(self, row: Row) -> Line | Misread:
        if said := _below_the_table(row.cells):
            return Misread(row.number, said[:120], [Reason("no_data")], self.written(row.cells))
        values: dict[str, Any] = {}
        reasons: list[Reason] = []
        cells = row.cells
        width = len(cells)
        for column, index in self._columns:
            cell = cells[index] if index < width else None
            # most cells are neither empty nor as short as a sign for nothing
            if cell is None or (
                isinstance(cell, str)
                and (len(cell) < 5 or cell.isspace())
                and (cell == UNCALCULATED or is_empty(cell))
            ):
                values[column.name] = None
                if cell == UNCALCULATED:
                    reasons.append(Reason("not_calculated", column.name))
                elif column.required:
                    reasons.append(Reason("empty", column.name))
                continue
            try:
                values[column.name] = column.parse(cell)
            except CellError as error:
                reasons.append(Reason(error.code, column.name, error.params))
        same: Any = key_of(self._key, values) or key_of(self._key_otherwise, values)
        key = same
        if self._personal:  # rows that differ in what is veiled are not the same
            same = (same, *(values.get(name) for name in self._personal))
            veiled = {**values, **{name: _veiled(values.get(name)) for name in self._personal}}
            key = key_of(self._key, veiled) or key_of(self._key_otherwise, veiled)
        if not reasons and (first := self._seen.setdefault(same, row.number)) != row.number:
            reasons.append(Reason("repeated", params={"row": first}))
        if reasons:
            return Misread(row.number, key, reasons, self.written(cells))
        return Line(row.number, key, values)

    def written(self, cells: Sequence[Cell]) -> dict[str, str]:
        """The known cells as they were written, shortened, for showing a rejected row."""
        return {
            column.name: HIDDEN if column.personal else str(cells[index])[:80]
            for column, index in self._columns
            if index < len(cells) and cells[index] is not None
        }


#: lines of totals and signatures without their blanks: 合计, 总计：, 共3户, 制表人：张三, 注：…
_BELOW = re.compile(
    r"(本页|本月|本单位)?(合计|总计|小计|共计|累计|总合计|共(?=\d))([:：(（\d].*)?"
    r"|(制表|填表|填报|报送|打印|审核|复核|经办|负责|单位负责|主管)(人|人员|单位|日期|时间)?[:：].*"
    r"|(备注|附注|注|说明|填表说明|填报说明)\d?[:：].*"
)
_BEGINNINGS = frozenset(one for one in "本合总小共累制填报打审复经负单主备附注说")


def _below_the_table(cells: Sequence[Cell]) -> str:
    """The first words of a row that is a total or a signature below the table; empty for a row of data."""
    for cell in cells:
        if isinstance(cell, str) and not cell.isspace():
            first = cell.lstrip()
            if first[0] not in _BEGINNINGS:
                return ""
            words = "".join(first.split())
            return words if _BELOW.fullmatch(words) else ""
    return ""


def key_of(names: Sequence[str], values: dict[str, Any]) -> str:
    """The natural key as text, at most 120 characters."""
    parts = [_key_text(values.get(name)) for name in names]
    return (parts[0] if len(parts) == 1 else "|".join(parts))[:120]


def _key_text(value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()
    return "" if value is None else str(value)


def _veiled(value: Any) -> Any:
    """Enough of somebody's name to know the row by: 张*. An ID number veils itself."""
    return f"{value[:1]}*" if isinstance(value, str) and value else value
