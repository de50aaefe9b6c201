"""Which records hold a code, with the lists that show them, and who else needs it."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Column, func, literal, select, union_all

from app.audit.queries import rows_called
from app.core.code_tables import CodeValue, columns_of
from app.core.criteria.segments import Segment
from app.core.criteria.trees import Field, Tree, rule, rules_of, values_of
from app.core.db import db
from app.core.features import current_features
from app.core.links import url_if
from app.core.listing.declaration import PAGES, ListDeclaration
from app.core.permissions import Actor, may_open

#: the list whose fields criteria over employers name
OF_EMPLOYERS = "employers"

#: of each code table, what its codes are to be known by
Going = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True)
class Use:
    """`count` is of the whole department; of these `reached` are what `url` leads to, for this reader."""

    what: str
    count: int
    reached: int | None = None
    url: str | None = None


def uses(code: CodeValue, actor: Actor) -> list[Use]:
    """Everything that keeps a code, and where the reader finds it; empty for a code that nobody uses."""
    columns = columns_of(code.code_table)
    counted = _counts(code, columns)
    held = [_held(code, column, counted[at], actor) for at, column in enumerate(columns) if counted[at]]
    asked = asked_about({code.code_table: {code.code: code.id}})
    asking = Counter(holder for holder, found in asked if found)
    others = (
        *(Use(_asker(holder), count) for holder, count in asking.items()),
        Use(_("Codes below it"), counted[len(columns)], url=url_if("settings.codes", table=code.code_table)),
    )
    return [*held, *(one for one in others if one.count)]


def asked_about(going: Going) -> Iterator[tuple[str, set[int]]]:
    """What each saved segment, audience or rule names of these codes, whoever wrote it, by its table."""
    for holder, list_name, tree in _kept_criteria():
        fields = PAGES[list_name].all_fields() if list_name in PAGES else {}
        found: set[int] = set()
        for one in rules_of(tree):
            field = fields.get(one["field"])
            codes = going.get(field.code_table or "", {}) if field else {}
            found |= {codes[value] for value in values_of(one) if value in codes}
        yield holder, found


def _kept_criteria() -> Iterator[tuple[str, str, Tree]]:
    """All criteria that are kept: their table, the list whose fields they name, and their tree."""
    for list_name, tree in db.session.execute(select(Segment.list_name, Segment.tree)):
        yield Segment.__tablename__, list_name, tree
    for column in current_features().employer_criteria:
        for tree in db.session.scalars(select(column)):
            yield column.class_.__tablename__, OF_EMPLOYERS, tree or {}


def _asker(table: str) -> str:
    return _("Saved segments") if table == Segment.__tablename__ else rows_called(table)


def _counts(code: CodeValue, columns: list[Column[Any]]) -> dict[int, int]:
    """How many records each column has the code in; last, how many codes stand below it."""
    below = select(func.count()).where(
        CodeValue.code_table == code.code_table, CodeValue.parent_code == code.code
    )
    each = [select(func.count()).where(column == code.code) for column in columns]
    asked = [one.add_columns(literal(at)) for at, one in enumerate([*each, below])]
    return {at: count for count, at in db.session.execute(union_all(*asked))}


def _held(code: CodeValue, column: Column[Any], count: int, actor: Actor) -> Use:
    shown = _list_of(column, code.code_table, actor)
    if shown is None:
        return Use(rows_called(column.table.name), count)
    page, field = shown
    tree = {"match": "all", "rules": [rule(field.name, "in", [code.code])]}
    rows = page.filtered(tree, actor).with_only_columns(page.key, maintain_column_froms=True)
    reached = db.session.scalar(select(func.count()).select_from(rows.subquery())) or 0
    url = url_if(str(page.endpoint), **{f"{field.name}.in": code.code})
    return Use(f"{page.title} · {field.label}", count, reached, url)


def _list_of(column: Column[Any], table: str, actor: Actor) -> tuple[ListDeclaration, Field] | None:
    """The list that the reader may open and ask for the codes of a column; the record's own before others."""
    found = [
        (page, field)
        for page in PAGES.values()
        if page.endpoint and may_open(actor, page.endpoint)
        for field in page.all_fields().values()
        if field.code_table == table and _is_of(field, column)
    ]
    own = column.table.name
    return min(
        found, key=lambda one: (one[0].name != own, one[0].key.class_.__tablename__ != own), default=None
    )


def _is_of(field: Field, column: Column[Any]) -> bool:
    mapped = getattr(field.expression, "property", None)
    return any(one is column for one in getattr(mapped, "columns", ()))
