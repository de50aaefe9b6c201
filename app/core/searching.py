"""What the search box finds besides employers: each feature declares its kinds, each shows its first few.

A kind is read by whoever may open its page. It counts up to `COUNT_CAP`, and one statement ought to do: the
whole page has twelve.
"""

from collections.abc import Callable, Sequence
from typing import Any

from flask import url_for
from sqlalchemy import ColumnElement, FromClause, Select, any_, func, select

from app.core.criteria.trees import Tree, rule, to_query
from app.core.db import db, is_postgresql
from app.core.features import current_features
from app.core.finds import Found, Hit, SearchKind
from app.core.language.formats import NOTHING
from app.core.language.text import pinyin, search_key
from app.core.listing.page import ListPage
from app.core.listing.paging import FOUND_CAP
from app.core.permissions import Actor, may_open

#: how far hits are counted
COUNT_CAP = FOUND_CAP


def search_all(text: str, actor: Actor, most: int) -> list[tuple[SearchKind, Found]]:
    """The kinds that have something to show, in their order."""
    if not search_key(text):
        return []
    kinds = (kind for kind in current_features().search if may_open(actor, kind.endpoint))
    found = ((kind, kind.find(text, actor, most)) for kind in kinds)
    return [(kind, hits) for kind, hits in found if hits is not None and hits.hits]


def rows_of(
    page: ListPage,
    field: str,
    op: str = "contains",
    *,
    also: Sequence[Tree] = (),
    about: Sequence[str] = (),
    among: int | None = None,
) -> Callable[[str, Actor, int], Found]:
    """Finds rows of a list by one of its fields, in the list's order; the columns `about` stand beside each.

    `also` are further rules that they meet. With `among` only so many rows that meet them are looked
    at: where no index finds a word, and rows are without end.

    All of them are the list with that condition, so the number and its rows cannot differ.
    """
    named = page.columns[0]
    beside = [column for column in page.columns if column.name in about]
    options = [option for column in (named, *beside) for option in column.options]

    def find(text: str, actor: Actor, most: int) -> Found:
        tree: Tree = {"match": "all", "rules": [rule(field, op, text), *also]}
        listed = page.filtered(tree, actor)
        ids: FromClause
        if among is None:
            ids = listed.with_only_columns(page.key).order_by(None).limit(COUNT_CAP + 1).subquery()
        else:
            looked_at = page.filtered({"match": "all", "rules": [*also]}, actor).with_only_columns(page.key)
            first = select(looked_at.order_by(None).limit(among).subquery())
            held = listed.where(_among(page.key, first)).with_only_columns(page.key).order_by(None)
            # looked through once for both, the count and the rows
            ids = held.cte("held")
            listed = page.filtered({"match": "all", "rules": []}, actor).where(page.key.in_(select(ids)))
        total = select(func.count()).select_from(ids).scalar_subquery()
        order = page.order(page.default_sort).clauses()
        query = listed.options(*options).add_columns(total).order_by(*order).limit(most)
        rows = db.session.execute(query).all()
        hits = [
            Hit(
                page.title_of(row),
                named.link(row) if named.link else None,
                [text for column in beside if (text := column.cell(row)) != NOTHING],
            )
            for row, _total in rows
        ]
        return found_in(page, hits, rows[0][1] if rows else 0, **to_query(tree))

    return find


def _among(key: Any, ids: Select[Any]) -> ColumnElement[bool]:
    """PostgreSQL begins with an array; it would compare the words of all rows before."""
    held: ColumnElement[bool] = (
        key == any_(func.array(ids.scalar_subquery())) if is_postgresql() else key.in_(ids)
    )
    return held


def found_in(page: ListPage, hits: Sequence[Hit], total: int, **criteria: Any) -> Found:
    """Hits that are rows of a list, which shows all of them by these criteria."""
    return Found(hits, min(total, COUNT_CAP), total > COUNT_CAP, url_for(str(page.endpoint), **criteria))


def said(needle: str, name: str) -> bool:
    """Whether a name holds what was typed: its characters, its pinyin, or the initials of that."""
    key = search_key(name)
    if needle in key:
        return True
    if not needle.isascii() or len(needle) < 2:
        return False
    spelled = pinyin(name)
    return needle in spelled.initials or needle in spelled.full
