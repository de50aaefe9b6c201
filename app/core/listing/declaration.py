"""A list as a feature declares it: its rows, columns, fields and actions, and what follows from them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Date, Integer, Select, String
from sqlalchemy.orm import InstrumentedAttribute

from app.core.criteria.trees import EVERYTHING, Field, Fields, Kind, Tree, compile_tree, field_map
from app.core.db import EnumText, Money, PeriodType, Rate, UTCDateTime
from app.core.listing.paging import Order
from app.core.listing.parts import BulkAction, Column, Empty, Link, Quick
from app.core.permissions import Actor

#: the name of the quick search among the fields
SEARCH = "q"
SEARCH_LABEL = _l("Search")
#: every declared list by its name, for workers that come back to one
PAGES: "dict[str, ListDeclaration]" = {}


#: what is asked of a column by its type; of an enumeration only a declared field knows the words
_KINDS: tuple[tuple[type[Any], Kind], ...] = (
    (EnumText, Kind.CHOICE),
    (PeriodType, Kind.PERIOD),
    (Money, Kind.MONEY),
    (Rate, Kind.RATE),
    (UTCDateTime, Kind.MOMENT),
    (Date, Kind.DATE),
    (Integer, Kind.NUMBER),
    (String, Kind.TEXT),
)


def _kind_of(sort: Any) -> Kind | None:
    """The kind of field that a sorted column makes by itself; None where that takes more."""
    found = getattr(sort, "type", None)
    kind = next((kind for of, kind in _KINDS if isinstance(found, of)), None)
    return None if kind is Kind.CHOICE or getattr(sort, "primary_key", False) else kind


@dataclass(frozen=True)
class ListDeclaration:
    """`select(actor, *args)` gives the rows this actor may see; `args` are what the view hands over.

    `key` is the id column of the listed record. `default_sort` names a sortable column, with "-" for falling.
    `default` are the criteria of somebody who asks for nothing. The first column is always shown.
    Permissions: `export_permission` for workbooks (None: nobody), `reveal_permission` for personal data in
    full in them, `publish_permission` for views shared with everybody.
    """

    name: str
    title: Any
    select: Callable[..., Select[Any]]
    key: InstrumentedAttribute[int]
    columns: tuple[Column, ...]
    default_sort: str
    fields: Sequence[Field] | Callable[[], Fields] = ()
    default: Tree | None = None
    #: its page, if it is a page by itself: what links to it from elsewhere goes there
    endpoint: str | None = None
    search: Callable[[str], ColumnElement[bool]] | None = None
    search_hint: Any = None
    #: counts what the words find of the other criteria's rows, up to core.listing.paging.FOUND_CAP, if that
    #: is less work than counting the list
    count_found: Callable[[str, Select[Any], Actor], int | None] | None = None
    quick: tuple[Quick, ...] = ()
    bulk: tuple[BulkAction, ...] = ()
    #: the actions that other features bring by their manifests
    more_bulk: Callable[[], Sequence[BulkAction]] = tuple
    links: tuple[Link, ...] = ()
    #: For a record too wide to be read whole for a page: of its own columns these are read for every row, and
    #: those that have the name of a shown column. Workbooks and bulk actions have whole records.
    always_read: tuple[InstrumentedAttribute[Any], ...] = ()
    empty: Empty | None = None
    lead: Any = None
    export_permission: str | None = None
    reveal_permission: str | None = None
    publish_permission: str | None = None
    template: str = "shared/list.html"
    size: int = 50

    def __post_init__(self) -> None:
        if self.default_sort.removeprefix("-") not in {c.name for c in self.columns if c.sort is not None}:
            raise ValueError(f"{self.name}: {self.default_sort!r} is no sortable column")
        PAGES.setdefault(self.name, self)

    def column(self, name: str) -> Column | None:
        return next((column for column in self.columns if column.name == name), None)

    def title_of(self, row: Any) -> str:
        """What a row is called: its first cell, personal data masked."""
        return str(self.columns[0].exported(row, reveal=False) or "—")

    @property
    def actions(self) -> tuple[BulkAction, ...]:
        """What may be done to many rows, by those who may."""
        return (*self.bulk, *self.more_bulk())

    def action(self, name: str) -> BulkAction | None:
        return next((action for action in self.actions if action.name == name), None)

    def all_fields(self) -> Fields:
        """The declared fields, those of the other columns that are sorted by, and the quick search.

        Fields that are a function are shared with segments and audiences: to them nothing is added.
        """
        own = self.fields() if callable(self.fields) else self._own_fields
        if self.search is None:
            return own
        return {**own, SEARCH: Field(SEARCH, SEARCH_LABEL, Kind.SEARCH, self.search)}

    @cached_property
    def _own_fields(self) -> Fields:
        """The declared fields, and those of columns that have none: what they sort by tells their kind."""
        declared = field_map(() if callable(self.fields) else self.fields)
        asked = {str(field.expression) for field in declared.values()}
        of_columns = {
            column.name: Field(column.name, column.label, kind, column.sort)
            for column in self.columns
            if (kind := _kind_of(column.sort)) and str(column.sort) not in asked
        }
        return {**declared, **{name: one for name, one in of_columns.items() if name not in declared}}

    def filtered(self, tree: Tree, actor: Actor | None, args: Iterable[Any] = ()) -> Select[Any]:
        """The rows in the actor's reach that the criteria describe, in no order."""
        return self.select(actor, *args).where(compile_tree(tree, self.all_fields(), actor))

    def order(self, sort: str) -> Order:
        """The order of a sort name; an unknown one means the default."""
        column = self.column(sort.removeprefix("-"))
        if column is None or column.sort is None:
            return self.order(self.default_sort)
        return Order(column.name, column.sort, sort.startswith("-"), self.key)

    @property
    def start(self) -> Tree:
        return self.default or EVERYTHING
