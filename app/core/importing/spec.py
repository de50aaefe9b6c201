"""What a feature declares so that people can import a spreadsheet into it.

A feature writes columns, a natural key and `plan`. The engine (`app.imports`) does the rest: it finds the
header, parses, shows a dry run, applies in chunks, remembers what it changed, and takes it back.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Select, Table

from app.core.importing.conflicts import CONFLICTS, REPLACED, STAYS, Answers
from app.core.importing.conflicts import REMARKS as CONFLICT_REMARKS
from app.core.periods import Period
from app.core.permissions import Actor
from app.core.sheets.cells import REASONS
from app.core.sheets.headings import Heading
from app.core.sheets.parsing import Parser


class Outcome(StrEnum):
    """What a row comes to."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the file. `aliases` are its headings, the first the one that messages show.

    A required column must be in the file and filled in every row. One that is not required is None where
    the cell is empty, and absent from `Line.values` when the file has no such column: do not overwrite with
    it. What is `personal` is not kept as it was written with a rejected row.
    """

    name: str
    title: Any
    aliases: tuple[str, ...]
    parse: Parser
    required: bool = False
    personal: bool = False

    @property
    def heading(self) -> Heading:
        return Heading(self.name, self.aliases, self.required)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a row is rejected, or what is remarkable about one that is not.

    A code of `cells.REASONS` or of the spec's own, in a column or the whole row.
    """

    code: str
    column: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def count_key(self) -> str:
        """How reasons are counted: "uscc.wrong_check_digit", or "repeated" for the row as a whole."""
        return f"{self.column}.{self.code}" if self.column else self.code


@dataclass(slots=True)
class Line:
    """A row that could be read: its number in the sheet, its natural key, its typed values by column name."""

    number: int
    key: str
    values: dict[str, Any]
    #: what the spec's `preparing` made of the values
    prepared: Any = None


class Ref:
    """The id of a record that the chunk will create; usable as a value of records created after it."""

    __slots__ = ("id",)

    def __init__(self) -> None:
        self.id: int | None = None


def id_of(record: int | Ref) -> int:
    """The id behind a Ref once its record is written; ValueError before."""
    found = record.id if isinstance(record, Ref) else record
    if found is None:
        raise ValueError("the record was not created yet")
    return found


@dataclass(slots=True)
class Write:
    """One record that a row creates (`before` None) or changes. Field names are the model's attributes."""

    model: Any
    id: int | Ref
    before: dict[str, Any] | None
    after: dict[str, Any]
    #: the spec did it by other means already
    done: bool = False
    #: nobody had edited the record since it was created; undo makes it so again
    unedited: bool = False
    #: evidence kept beside the record, which itself stays as it is
    beside: bool = False


@dataclass(slots=True)
class Plan:
    """What a line will do: unchanged when it writes nothing but evidence, rejected when it has reasons.

    It is "new" when the record it is about (the first one it creates or updates) is a creation.
    """

    line: Line
    writes: list[Write] = field(default_factory=list)
    reasons: list[Reason] = field(default_factory=list)
    #: what is worth knowing of a line that is not rejected; counted with the reasons and listed
    remarks: list[Reason] = field(default_factory=list)
    #: the record that the line is about: what is created or updated first, unless the spec says otherwise
    record: int | Ref | None = None
    #: for the spec's own use, from `plan` to `applied`
    extra: Any = None

    def create(self, model: Any, values: Mapping[str, Any], *, beside: bool = False) -> Ref:
        """The line creates a record; the Ref stands for its id. Columns without default must be given.

        What is created `beside` the line's record is evidence, and does not make the line a change.
        """
        ref = Ref()
        self.record = ref if self.record is None else self.record
        self.writes.append(Write(model, ref, None, dict(values), beside=beside))
        return ref

    def update(
        self,
        model: Any,
        record: Any,
        values: Mapping[str, Any],
        no_news: frozenset[str] = frozenset(),
        *,
        beside: bool = False,
    ) -> bool:
        """The line sets fields of a record (an instance, a row or a dictionary); whether any of them differs.

        Of the record its `id` and the fields are read. When no others differ than those of `no_news`, nothing
        is set. What is set `beside` what the record says does not make the line a change.
        """
        if not isinstance(record, dict):
            record = {name: getattr(record, name) for name in ("id", *values)}
        self.record = record["id"] if self.record is None else self.record
        changed = {name: value for name, value in values.items() if record[name] != value}
        if changed.keys() <= no_news:
            return False
        before = {name: record[name] for name in changed}
        self.writes.append(Write(model, record["id"], before, changed, beside=beside))
        return True

    def note(self, model: Any, record_id: int, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        """In `applied`: the spec changed a record by other means, which undo shall set back to `before`."""
        self.writes.append(Write(model, record_id, dict(before), dict(after), done=True))

    def reject(self, code: str, column: str = "", **params: Any) -> None:
        self.reasons.append(Reason(code, column, params))

    def remark(self, code: str, column: str = "", **params: Any) -> None:
        self.remarks.append(Reason(code, column, params))

    def conflict(self, column: str, correction: str, value: str, *, since: str, replaced: bool) -> None:
        """The file says `value` where a person corrected a field on the day `since`: remarked, and asked."""
        self.remark(REPLACED if replaced else STAYS, column, value=value, correction=correction, since=since)

    @property
    def conflicts(self) -> list[Reason]:
        return [one for one in self.remarks if one.code in CONFLICTS]

    @property
    def outcome(self) -> Outcome:
        if self.reasons:
            return Outcome.REJECTED
        if all(one.beside for one in self.writes):
            return Outcome.UNCHANGED
        return Outcome.NEW if isinstance(self.record, Ref) else Outcome.CHANGED

    @property
    def record_id(self) -> int | None:
        return self.record.id if isinstance(self.record, Ref) else self.record


@dataclass(slots=True)
class Context:
    """What a run knows. `memory` is the spec's own, kept from chunk to chunk of one run, not longer."""

    batch_id: int
    branch_id: int
    actor: Actor | None
    as_of: date
    period: Period | None
    dry_run: bool
    memory: dict[str, Any] = field(default_factory=dict)
    #: what was decided where the file differs from people's corrections
    answers: Answers = field(default_factory=Answers)


def _nothing(*_: Any) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a staged chunk: how many lines changed something, how many nothing, and those left."""

    changed: int
    unchanged: int
    #: the numbers of the lines that `plan` has to look at
    left: Collection[int]


#: keeps the notes of lines: a query of their `number`, `key`, `record_id` and `notes`; gives how many
Remember = Callable[[Select[*tuple[Any, ...]]], int]


@dataclass(frozen=True)
class Setwise:
    """A shortcut past `plan` for ordinary lines, taken when a file is applied, never in a dry run.

    `table` is a temporary table (`core.importing.staging`) of the file's columns and of what
    `reckon(context)` gives for a line's values, in the process that reads the file; None there where the
    shortcut would not pay. `take(context, remember)` finds a chunk in it. It does for as many lines as it
    likes, in a fixed number of statements, exactly what `plan`, the engine and `applied` would do, and leaves
    the others; `remember` what is about to change before it does. A test has to hold the two ways equal.
    """

    table: Table
    reckon: Callable[["Context"], Callable[[Mapping[str, Any]], Mapping[str, Any]] | None]
    take: Callable[["Context", Remember], Taken]


@dataclass(frozen=True)
class ImportSpec:
    """One kind of file.

    `plan(lines, context)` gets up to 1,000 lines, reads what it needs in a few statements and returns one
    Plan a line, in order, without writing. The engine writes the plans, then calls `applied(plans,
    context)` in the same transaction (only plans that wrote something), and once, after the last chunk,
    `finished(context)`. For undo it calls `removing(table, ids, context)` before it deletes created
    records, so that the spec clears what the import itself hung on them, and then `reverted({table: ids},
    context)` with the records set back; once, when all is taken back, `withdrawn(context)`. `setwise` is an
    optional shortcut past `plan`.
    """

    name: str
    title: Any
    columns: tuple[Column, ...]
    #: names of the columns whose values together identify a row; a key that comes twice in a file is rejected
    key: tuple[str, ...]
    plan: Callable[[Sequence[Line], Context], Sequence[Plan]]
    help: Any = ""
    #: for whoever fills in a file: a cell of each column, and the words of those that are not `coded`
    examples: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    #: the page of a line's record: an endpoint, and the argument that takes its id
    endpoint: str | None = None
    argument: str = "id"
    #: the table of the records that lines are about
    subject: str = "employers"
    #: names of the columns that identify a row whose key is empty
    key_otherwise: tuple[str, ...] = ()
    #: the day is asked for; else it is the end of the month in the title or the file name, or today
    needs_as_of: bool = False
    #: the month is asked for, or found in the title or the file name
    needs_period: bool = False
    #: besides imports:run
    permission: str | None = None
    #: for administrators, who see no other imports; nobody else sees these
    administrative: bool = False
    #: texts of the reasons that `plan` gives, with named placeholders
    reasons: Mapping[str, Any] = field(default_factory=dict)
    #: texts of its remarks on rows that are not rejected
    remarks: Mapping[str, Any] = field(default_factory=dict)
    #: labels of changed fields that are no columns; None for one that is not shown
    labels: Mapping[str, Any] = field(default_factory=dict)
    #: fields that hold a code: the code table of each
    coded: Mapping[str, str] = field(default_factory=dict)
    #: the words of other fields whose values are none, where the type of their column does not tell: of each
    #: value, or a function of it
    worded: Mapping[str, Mapping[Any, Any] | Callable[[Any], Any]] = field(default_factory=dict)
    #: what goes with a removed record and does not keep it, beside its timeline: tables, with a condition
    #: where only some of their rows do
    carried: Mapping[str, ColumnElement[bool] | None] = field(default_factory=dict)
    #: columns, by table, that follow from other rows and are written by others too: a difference there is no
    #: edit, and `withdrawn` reckons them anew
    derived: Mapping[str, frozenset[str]] = field(default_factory=dict)
    #: gives a function of a line's values, or None; what it makes of them becomes `Line.prepared`. A large
    #: file's lines are read and prepared ahead by another process, so it must ask nothing of the database.
    preparing: Callable[[Context], Callable[[Mapping[str, Any]], Any] | None] = _nothing
    setwise: Setwise | None = None
    applied: Callable[[Sequence[Plan], Context], None] = _nothing
    finished: Callable[[Context], None] = _nothing
    removing: Callable[[str, Sequence[int], Context], None] = _nothing
    reverted: Callable[[Mapping[str, Sequence[int]], Context], None] = _nothing
    withdrawn: Callable[[Context], None] = _nothing

    def __post_init__(self) -> None:
        names = {column.name for column in self.columns}
        if unknown := {*self.key, *self.key_otherwise} - names:
            raise ValueError(f"import {self.name}: the key names no column: {sorted(unknown)}")

    @property
    def headings(self) -> tuple[Heading, ...]:
        return tuple(column.heading for column in self.columns)

    def label(self, name: str) -> str:
        """The title of a column or field, in the reader's language."""
        titles = {column.name: column.title for column in self.columns}
        return str(self.labels.get(name) or titles.get(name, name))

    def headline(self, reason: Reason) -> str:
        """A kind of reason without the particulars of a row: "Credit code: has a wrong check digit"."""
        text = str(self._text(reason.code) or reason.code)
        general = re.split(r"[:：]?\s*%\(value\)s", text)[0]
        bare = re.sub(r"%\(\w+\)s", "…", general)
        return self._placed(reason, bare)

    def explain(self, reason: Reason) -> str:
        """A reason as a sentence in the reader's language: "Credit code: has a wrong check digit …"."""
        text = str(self._text(reason.code))
        sentence = text % reason.params if reason.params else text
        return self._placed(reason, sentence)

    def _text(self, code: str) -> Any:
        own = self.remarks.get(code) or self.reasons.get(code)
        return own or CONFLICT_REMARKS.get(code) or REASONS.get(code)

    def is_remark(self, code: str) -> bool:
        """Whether a row of which this is said is imported all the same."""
        return code in self.remarks or code in CONFLICTS

    def _placed(self, reason: Reason, sentence: str) -> str:
        if not reason.column:
            return sentence
        return str(_("%(column)s: %(problem)s", column=self.label(reason.column), problem=sentence))
