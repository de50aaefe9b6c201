"""What a request asks of a list (criteria, search, view, columns, order), and addresses that change it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from urllib.parse import quote, urlencode

from flask import request
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select

from app.core.criteria import segments
from app.core.criteria.segments import Segment
from app.core.criteria.trees import (
    EVERYTHING,
    Fields,
    Tree,
    both,
    has_criteria,
    parse_query,
    readable,
    rule,
    to_query,
)
from app.core.db import db
from app.core.errors import NotFound
from app.core.listing.declaration import ListDeclaration
from app.core.listing.paging import Order
from app.core.listing.parts import Column
from app.core.permissions import Actor, may
from app.core.preferences import wishes


@dataclass(frozen=True)
class ListState:
    """One reader's look at a list. `edited`: the criteria are no longer those of the view."""

    page: ListDeclaration
    actor: Actor
    args: tuple[Any, ...]
    fields: Fields
    views: Sequence[Segment]
    view: Segment | None
    tree: Tree
    edited: bool
    words: str
    sort: str
    chosen: Sequence[str]
    #: the order without being asked for
    usual_sort: str = ""
    #: the saved views that are tabs for this reader
    pins: Sequence[int] = ()
    #: conditions of the view that can be asked no more; the list stands without them
    gone: Sequence[Tree] = ()

    @cached_property
    def order(self) -> Order:
        return self.page.order(self.sort)

    @cached_property
    def columns(self) -> list[Column]:
        """The columns to show, in the reader's order; the first one of the list always."""
        first, *others = self.page.columns
        if not self.chosen:
            return [first, *(column for column in others if column.shown_to(self.actor))]
        wanted = [self.page.column(name) for name in self.chosen]
        return [first, *(column for column in wanted if column is not None and column is not first)]

    @property
    def may_publish(self) -> bool:
        """Whether the reader may share views with everybody."""
        publish = self.page.publish_permission
        return publish is not None and may(self.actor, publish)

    @property
    def whole_tree(self) -> Tree:
        """The criteria with the words searched for, as they are applied and saved."""
        if not self.words:
            return self.tree
        return both(self.tree, {"match": "all", "rules": [rule("q", "matches", self.words)]})

    @cached_property
    def query(self) -> Select[Any]:
        """The rows asked for, in no order."""
        return self.page.filtered(self.whole_tree, self.actor, self.args)

    @property
    def has_rows(self) -> bool:
        """Whether anything at all is in the reader's reach, whatever the criteria."""
        anything = self.page.filtered(EVERYTHING, self.actor, self.args).limit(1)
        return db.session.execute(anything).first() is not None

    def arguments(self) -> dict[str, Any]:
        """The URL arguments that lead back here, without a place in the pages."""
        found: dict[str, Any] = {}
        if self.view is not None:
            found["view"] = self.view.id
        if self.edited:
            found |= to_query(self.tree)
        if self.words:
            found["q"] = self.words
        if self.sort != (self.usual_sort or self.page.default_sort):
            found["sort"] = self.sort
        return found

    def url(self, **more: Any) -> str:
        """This list, with further arguments."""
        return here(**self.arguments(), **more)

    def with_tree(self, tree: Tree, **more: Any) -> str:
        return replace(self, tree=tree, edited=True).url(**more)

    def with_sort(self, sort: str) -> str:
        return replace(self, sort=sort).url()


def here(**arguments: Any) -> str:
    """The address of the present page with these arguments, written as `url_for` writes them.

    A list has some forty of them, which differ in their arguments alone.
    """
    path = quote(request.root_path + request.path, safe=_SAFE_IN_PATHS)
    pairs = [(name, value) for name, value in _pairs(arguments) if value is not None]
    return f"{path}?{urlencode(pairs, safe=_SAFE)}" if pairs else path


#: what the standard for addresses leaves as it is
_SAFE, _SAFE_IN_PATHS = "!$'()*,/:;?@", "!$&'()*+,/:;=@"


def _pairs(arguments: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in arguments.items():
        if isinstance(value, list | tuple):
            yield from ((name, one) for one in value)
        else:
            yield name, value


def read_state(page: ListDeclaration, actor: Actor, args: tuple[Any, ...]) -> ListState:
    """Reads the request; DomainError for criteria that make no sense, NotFound for a view out of reach."""
    given = request.args
    fields = page.all_fields()
    views = segments.listed(page.name, actor)
    view = _view(given.get("view"), views)
    explicit = has_criteria(given)
    own, gone = readable(view.tree, fields) if view else (page.start, [])
    words = " ".join((given.get("q") or "").split())[:100].replace("\x00", "") if page.search else ""
    wanted = wishes(actor.id, page.name, preference_name(page, view))
    usual = _known(page, wanted.sort) or _known(page, view.sort if view else "") or page.default_sort
    return ListState(
        page=page,
        actor=actor,
        args=args,
        fields=fields,
        views=views,
        view=view,
        tree=parse_query(given, fields) if explicit else own,
        edited=explicit or bool(gone),
        gone=() if explicit else gone,
        words=words,
        sort=_known(page, given.get("sort") or "") or usual,
        chosen=wanted.columns or (view.columns if view else ()),
        usual_sort=usual,
        pins=wanted.pins,
    )


def _known(page: ListDeclaration, sort: str) -> str:
    """The sort name, if the list can be sorted so; else nothing."""
    return sort if sort and page.order(sort).name == sort.removeprefix("-") else ""


def _view(given: str | None, views: Sequence[Segment]) -> Segment | None:
    if not given:
        return None
    for view in views:
        if str(view.id) == given:
            return view
    raise NotFound(_l("There is no such segment."))


def preference_name(page: ListDeclaration, view: Segment | None) -> str:
    """Under which name a reader's columns are remembered: each saved view has its own."""
    return page.name if view is None else f"{page.name}/{view.id}"


def without(tree: Tree, index: int) -> Tree:
    """The criteria less one of their rules."""
    rules = [item for number, item in enumerate(tree["rules"]) if number != index]
    return {"match": tree["match"] if rules else "all", "rules": rules}


def joined(tree: Tree, item: Tree, into: int | None) -> Tree:
    """The criteria with one more rule: in addition, or as an alternative to rule number `into`."""
    if into is None or not 0 <= into < len(tree["rules"]):
        return both(tree, {"match": "all", "rules": [item]})
    target = tree["rules"][into]
    either = target["rules"] if target.get("match") == "any" else [target]
    rules = list(tree["rules"])
    rules[into] = {"match": "any", "rules": [*either, item]}
    return {"match": tree["match"], "rules": rules}


def toggled(tree: Tree, rules: Sequence[Tree]) -> tuple[bool, Tree]:
    """Whether these rules are all in force, and the criteria with them taken away or added."""
    on = tree["match"] == "all" and all(item in tree["rules"] for item in rules)
    if on:
        return True, {"match": "all", "rules": [item for item in tree["rules"] if item not in rules]}
    return False, both(tree, {"match": "all", "rules": list(rules)})
