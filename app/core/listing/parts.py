"""The parts a list is declared from: columns, quick filters, bulk actions, buttons, and words when empty."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from flask_wtf import FlaskForm
from markupsafe import Markup, escape

from app.core.criteria.trees import Tree
from app.core.language import formats
from app.core.permissions import Actor

#: (label, tone): the words of a state and its colour family
Badge = tuple[Any, str]


@dataclass(frozen=True)
class Column:
    """One column. A row is what the list's select gives: a record, or a result row of several columns.

    `value` defaults to the attribute of the column's name; it is shown by its type, or by `format`. `sort` is
    the SQL expression to sort by; None: not sortable. `options` are loader options, used only while the
    column is shown. `export` replaces the value in workbooks; where that is personal data in full, say
    `personal`.
    """

    name: str
    label: Any
    value: Callable[[Any], Any] | None = None
    sort: Any = None
    #: the first click on the heading sorts from the greatest down
    falling: bool = False
    #: whether it is there for a reader who chose no columns
    shown: bool | Callable[[Actor], bool] = True
    number: bool = False
    format: Callable[[Any], str] | None = None
    link: Callable[[Any], str | None] | None = None
    badge: Callable[[Any], Badge | None] | None = None
    export: Callable[[Any], Any] | None = None
    personal: bool = False
    #: what it takes to get it in full, beyond the permission of the list
    reveal_permission: str | None = None
    options: tuple[Any, ...] = ()

    def shown_to(self, actor: Actor) -> bool:
        return self.shown(actor) if callable(self.shown) else self.shown

    def value_of(self, row: Any) -> Any:
        return self.value(row) if self.value else getattr(row, self.name)

    def cell(self, row: Any) -> str:
        """The cell as the page prints it: markup for links and badges, else text that is escaped there."""
        if self.badge is not None:
            found = self.badge(row)
            return _mark(str(found[0]), found[1]) if found else formats.NOTHING
        value = self.value_of(row)
        text = self.format(value) if self.format else formats.display(value)
        url = self.link(row) if self.link else None
        # three times as quick as Markup.format, which parses its template each time
        return Markup(f'<a href="{escape(url)}">{escape(text)}</a>') if url else text  # noqa: S704 - all escaped

    def exported(self, row: Any, reveal: bool) -> Any:
        """The cell for a workbook: numbers and dates stay what they are; personal data only if allowed."""
        if self.export is not None and (reveal or not self.personal):
            return self.export(row)
        if self.badge is not None:
            found = self.badge(row)
            return str(found[0]) if found else None
        value = self.value_of(row)
        if self.personal and self.format and value is not None:
            return self.format(value)
        in_words = isinstance(value, bool | list | tuple) or hasattr(value, "label")
        return str(formats.display(value)) if in_words else value


@lru_cache(maxsize=1024)
def _mark(label: str, tone: str) -> Markup:
    return Markup(f'<span class="mark is-{escape(tone)}">{escape(label)}</span>')  # noqa: S704 - all escaped


class Cells:
    """Prints the cells of row after row. A page has hundreds, so what each repeats is put together once."""

    def __init__(self, columns: Iterable[Column]) -> None:
        self._columns = [(column, *_openings(column)) for column in columns]

    def of(self, row: Any) -> Markup:
        parts: list[str] = []
        for column, opening, blank in self._columns:
            text = column.cell(row)
            parts += (blank if text == formats.NOTHING else opening, escape(text), "</td>")
        return Markup("".join(parts))  # noqa: S704 - all escaped


def _openings(column: Column) -> tuple[str, str]:
    """How a cell begins, and how an empty one does; its label names it on a phone."""
    begun = f'<td data-label="{escape(str(column.label))}"'
    return (
        (f'{begun} class="number">', f'{begun} class="blank number">')
        if column.number
        else (f"{begun}>", f'{begun} class="blank">')
    )


@dataclass(frozen=True)
class Quick:
    """A filter of one click: its rules are added to the others, or taken away."""

    name: str
    label: Any
    rules: tuple[Tree, ...]


@dataclass(frozen=True)
class Empty:
    """What to say when nothing is listed at all, and the next step."""

    title: Any
    text: Any = None
    action: Any = None
    endpoint: str | None = None
    icon: str = "inbox"


@dataclass(frozen=True)
class Link:
    """A button beside the title, for those who hold the permission, where the endpoint is installed.

    `view` names the endpoint's argument that takes an open saved view; the button then shows only beside one.
    """

    label: Any
    endpoint: str
    permission: str
    icon: str | None = None
    tone: str = "secondary"
    view: str | None = None


#: Does the action to one record, or raises DomainError; gets the answers of the action's form. It may answer
#: with the number of other things that went along.
Act = Callable[[Any, Actor, FlaskForm], int | None]

#: where to go on after an action, as (label, address); gets the form's answers
NextStep = Callable[[Mapping[str, Any], Actor], tuple[Any, str] | None]


@dataclass(frozen=True)
class BulkAction:
    """Something to do to many rows. `form` asks, on the page that confirms, for what the action needs.

    `act` is called for one record at a time, each in its own savepoint: a refusal costs only its row.
    `undoable` promises that it writes through the session's objects only, so that it can be taken back.
    """

    name: str
    label: Any
    permission: str
    act: Act
    form: Callable[..., FlaskForm] = FlaskForm
    icon: str | None = None
    tone: str = "primary"
    #: says how many other things went along, if any did
    follow_up: Callable[[int], str] | None = None
    undoable: bool = False
    next_step: NextStep | None = None

    def on(self, part: Callable[[Any], Any]) -> "BulkAction":
        """The same for a list whose rows only contain the record, such as an employer and its case."""

        def act(row: Any, actor: Actor, form: FlaskForm) -> int | None:
            return self.act(part(row), actor, form)

        return replace(self, act=act)

    def said_of(self, followed: int) -> str:
        """The sentence about what went along; empty when nothing did."""
        return self.follow_up(followed) if self.follow_up and followed else ""
