"""What the template of a list shows, put together from the request and the rows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, cast

from flask import request
from flask_babel import gettext as _
from flask_babel import ngettext
from markupsafe import Markup
from sqlalchemy.orm import load_only

from app.core.criteria.fields import Field
from app.core.criteria.segments import SHARING_LABELS, Segment, Sharing, may_change, may_take_over
from app.core.criteria.sentences import Wording
from app.core.criteria.trees import EVERYTHING, to_query
from app.core.language import formats
from app.core.links import url_if
from app.core.listing import paging
from app.core.listing.declaration import ListDeclaration
from app.core.listing.editor import Editor, menu
from app.core.listing.export import may_export_in_full
from app.core.listing.outline import PANEL, Node, outline
from app.core.listing.parts import BulkAction, Cells, Column, Link
from app.core.listing.state import ListState, here, toggled, without
from app.core.permissions import may, may_open

#: Counted exactly up to here, beyond it “10,000+”.
COUNT_CAP = 10_000


@dataclass(frozen=True)
class Heading:
    """A column's heading, with the address that sorts by it."""

    column: Column
    url: str | None
    sorted: str | None


#: number on the page, id (0: none can be selected), text of the first cell, the others as they are printed
Line = tuple[int, int, str, Markup]


class ListScreen:
    """The names that `shared/list_body.html` uses. Everything is worked out when first asked for."""

    def __init__(self, state: ListState, editor: Editor | None) -> None:
        self.state = state
        self.editor = editor
        self.page: ListDeclaration = state.page
        self._wording = Wording(state.fields)

    @property
    def title(self) -> str:
        return str(self.page.title)

    @cached_property
    def found(self) -> paging.Page:
        """The page of rows."""
        options = [option for column in self.state.columns for option in column.options]
        if self.page.always_read:
            options.append(load_only(*self.page.always_read, *self._named_columns()))
        given = request.args
        return paging.fetch(
            self.state.query.options(*options),
            self.state.order,
            self.page.size,
            after=given.get("after"),
            before=given.get("before"),
        )

    def _named_columns(self) -> list[Any]:
        """The record's own columns that have the name of a shown one."""
        record = cast(type[Any], self.page.key.class_)
        own = record.__mapper__.column_attrs
        return [getattr(record, column.name) for column in self.state.columns if column.name in own]

    @property
    def rows(self) -> Sequence[Any]:
        return self.found.rows

    @property
    def count(self) -> int:
        """How many rows match; one more than `cap` stands for more than that."""
        return self._counted[0]

    @property
    def cap(self) -> int:
        """How far rows were counted."""
        return self._counted[1]

    @cached_property
    def _counted(self) -> tuple[int, int]:
        if self.found.previous is None and self.found.next is None:
            return len(self.rows), COUNT_CAP
        found = self._count_found()
        if found is not None:
            return found, paging.FOUND_CAP
        return paging.count(self.state.query, self.page.key, COUNT_CAP), COUNT_CAP

    def _count_found(self) -> int | None:
        """The same by what finds the words searched for, where the list has that."""
        state, count_found = self.state, self.page.count_found
        if count_found is None or not state.words:
            return None
        return count_found(state.words, self.page.filtered(state.tree, state.actor, state.args), state.actor)

    @cached_property
    def count_text(self) -> str:
        if self.count > self.cap:
            return str(_("%(count)s+ records", count=formats.number(self.cap)))
        return str(
            ngettext("%(count)s record", "%(count)s records", self.count, count=formats.number(self.count))
        )

    @property
    def previous_url(self) -> str | None:
        return self.state.url(before=self.found.previous) if self.found.previous else None

    @property
    def next_url(self) -> str | None:
        return self.state.url(after=self.found.next) if self.found.next else None

    @property
    def first_url(self) -> str | None:
        return self.state.url() if self.found.previous else None

    def row_id(self, row: Any) -> int:
        """The id that bulk actions know the row by."""
        key = self.page.key
        listed = cast(type[Any], key.class_)
        record = row if isinstance(row, listed) else next(part for part in row if isinstance(part, listed))
        return int(getattr(record, key.key))

    @property
    def lines(self) -> Iterator[Line]:
        first, *others = self.state.columns
        cells, selectable = Cells(others), self.selectable
        for number, row in enumerate(self.rows, 1):
            yield number, self.row_id(row) if selectable else 0, first.cell(row), cells.of(row)

    @cached_property
    def headings(self) -> list[Heading]:
        return [self._heading(column) for column in self.state.columns]

    def _heading(self, column: Column) -> Heading:
        if column.sort is None:
            return Heading(column, None, None)
        order = self.state.order
        current = order.name == column.name
        falling = not order.descending if current else column.falling
        url = self.state.with_sort(("-" if falling else "") + column.name)
        return Heading(column, url, ("descending" if order.descending else "ascending") if current else None)

    # -- above the table -------------------------------------------------------------------------------

    @cached_property
    def tabs(self) -> list[dict[str, Any]]:
        """The list itself, its pinned views, and the present view if it is not pinned."""
        shown = [view for view in self.state.views if self._is_tab(view)]
        if not shown:
            return []
        current = self.state.view
        whole = {"label": _("All"), "url": here(), "here": current is None and not self.state.edited}
        return [
            whole,
            *({"label": v.name, "url": here(view=v.id), **self._tab(v)} for v in shown),
        ]

    def _tab(self, view: Segment) -> dict[str, Any]:
        """Only the open view tells its count, which is known anyway: others would cost a query each."""
        if view is not self.state.view:
            return {"here": False}
        counted = self.count <= self.cap and not self.state.edited
        return {"here": True, "count": self.count if counted else None}

    @cached_property
    def other_views(self) -> list[dict[str, Any]]:
        """The saved views that are no tabs."""
        return [
            {"label": view.name, "url": here(view=view.id), "here": False}
            for view in self.state.views
            if not self._is_tab(view)
        ]

    def _is_tab(self, view: Segment) -> bool:
        return view.pinned or view.id in self.state.pins or view is self.state.view

    @cached_property
    def quick(self) -> list[dict[str, Any]]:
        items = []
        for quick in self.page.quick:
            on, tree = toggled(self.state.tree, quick.rules)
            items.append({"label": quick.label, "url": self.state.with_tree(tree), "here": on})
        return items

    @cached_property
    def chips(self) -> list[dict[str, Any]]:
        """The conditions in force, each with the address without it."""
        tree = self.state.tree
        return [
            {
                "label": self._wording.rule(item),
                "url": self.state.with_tree(without(tree, index)),
                "index": index,
            }
            for index, item in enumerate(tree["rules"])
        ]

    @cached_property
    def outline(self) -> Node:
        """The conditions as groups within groups, to be edited."""
        return outline(self.state, self._wording)

    @property
    def outlined(self) -> bool:
        """Whether the outline is open, which takes a condition to begin with."""
        return request.args.get("panel") == PANEL and bool(self.state.tree["rules"])

    @property
    def outline_url(self) -> str:
        return self.state.url(panel=PANEL)

    @property
    def match(self) -> str:
        return str(self.state.tree["match"])

    @property
    def match_url(self) -> str:
        """The same conditions, joined the other way."""
        other = "any" if self.match == "all" else "all"
        return self.state.with_tree({**self.state.tree, "match": other})

    @property
    def clear_url(self) -> str:
        return replace(self.state, tree=EVERYTHING, edited=True, view=None, words="").url()

    @cached_property
    def sentence(self) -> str:
        return self._wording.sentence(self.state.whole_tree)

    @cached_property
    def menu(self) -> list[tuple[str, list[Field]]]:
        return menu(self.state)

    def hidden(self, *leave: str) -> list[tuple[str, str]]:
        """The state as hidden inputs for forms that use GET, less the arguments that the form gives."""
        pairs: list[tuple[str, str]] = []
        for name, value in self.state.arguments().items():
            if name not in leave:
                pairs += [(name, str(one)) for one in (value if isinstance(value, list) else [value])]
        return pairs

    # -- what may be done ------------------------------------------------------------------------------

    @cached_property
    def action_url(self) -> str:
        """Where the list's forms are posted to: here, with the same criteria."""
        return self.state.url()

    @cached_property
    def may_export(self) -> bool:
        permission = self.page.export_permission
        return permission is not None and may(self.state.actor, permission)

    @cached_property
    def may_export_in_full(self) -> bool:
        return may_export_in_full(self.state)

    @cached_property
    def bulk(self) -> list[BulkAction]:
        return [action for action in self.page.actions if may(self.state.actor, action.permission)]

    @cached_property
    def selectable(self) -> bool:
        return bool(self.bulk or self.may_export)

    @cached_property
    def links(self) -> list[tuple[Any, str]]:
        """The list's buttons, as (link, url)."""
        found = [(link, self._link_url(link)) for link in self.page.links]
        return [(link, url) for link, url in found if url and may(self.state.actor, link.permission)]

    def _link_url(self, link: Link) -> str | None:
        if link.view is None:
            return url_if(link.endpoint)
        view = self.state.view
        return None if view is None or self.state.edited else url_if(link.endpoint, **{link.view: view.id})

    @property
    def narrowed(self) -> bool:
        """Whether conditions or words hide rows: the reader's, or the list's own where it has any rows."""
        state = self.state
        asked = state.words or (state.tree["rules"] and (state.edited or state.view))
        return bool(asked or (state.tree["rules"] and state.has_rows))

    @property
    def empty_url(self) -> str | None:
        empty = self.page.empty
        if empty is None or not empty.endpoint or not may_open(self.state.actor, empty.endpoint):
            return None
        return url_if(empty.endpoint)

    @property
    def column_choice(self) -> list[tuple[Column, bool]]:
        """Every column but the first, in the reader's order, and whether it is shown."""
        shown = self.state.columns[1:]
        rest = [column for column in self.page.columns[1:] if column not in shown]
        return [*((column, True) for column in shown), *((column, False) for column in rest)]

    @property
    def sharing_choices(self) -> list[tuple[str, str]]:
        open_to_all = self.state.may_publish
        return [
            (sharing.value, str(label))
            for sharing, label in SHARING_LABELS.items()
            if sharing is not Sharing.PUBLIC or open_to_all
        ]

    @property
    def own_view(self) -> bool:
        """Whether the present view may be replaced and deleted by the reader."""
        return self.state.view is not None and may_change(self.state.view, self.state.actor)

    @property
    def left_behind(self) -> bool:
        """Whether the present view may be taken over."""
        return self.state.view is not None and may_take_over(self.state.view, self.state.may_publish)

    @property
    def query_arguments(self) -> dict[str, Any]:
        """The criteria as URL arguments, for links that carry them elsewhere."""
        return to_query(self.state.whole_tree)
