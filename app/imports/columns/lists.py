"""What is remembered of columns, as a list."""

from typing import Any

from flask import url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload

from app.accounts.lists import branch_field, user_field
from app.accounts.models import User
from app.core.criteria.trees import Field, Kind
from app.core.listing.page import Column, Empty, ListPage
from app.imports.columns import queries
from app.imports.columns.models import ColumnMemory
from app.imports.lists import kind_title, spec_choices
from app.imports.policy import Permission


def _used(memory: ColumnMemory) -> Any:
    return sum(1 for name in memory.columns if name)


MEMORIES = ListPage(
    name="import_columns",
    title=_l("Remembered columns"),
    lead=_l("Files with headings of their own are read as somebody once said."),
    select=queries.memories,
    key=ColumnMemory.id,
    default_sort="source",
    columns=(
        Column(
            "source",
            _l("Files from"),
            sort=ColumnMemory.source,
            link=lambda memory: url_for("import_columns.edit", memory_id=memory.id),
        ),
        Column(
            "spec", _l("Kind"), value=lambda one: kind_title(one.spec), sort=ColumnMemory.spec, format=str
        ),
        Column("titles", _l("Headings"), value=lambda one: "、".join(filter(None, one.titles))),
        Column("used", _l("Columns used"), value=_used, number=True),
        Column(
            "said_by",
            _l("Said by"),
            value=lambda memory: memory.said_by.name if memory.said_by else None,
            options=(joinedload(ColumnMemory.said_by).load_only(User.name).lazyload("*"),),
        ),
        Column("said_at", _l("Said on"), sort=ColumnMemory.said_at, falling=True),
    ),
    fields=(
        Field("source", _l("Files from"), Kind.TEXT, ColumnMemory.source),
        Field("spec", _l("Kind"), Kind.CHOICE, ColumnMemory.spec, choices=spec_choices),
        Field("said_at", _l("Said on"), Kind.MOMENT, ColumnMemory.said_at),
        branch_field("branch", _l("Branch"), ColumnMemory.branch_id),
        user_field("said_by", _l("Said by"), ColumnMemory.said_by_id),
    ),
    export_permission=Permission.VIEW,
    empty=Empty(
        _l("No columns are remembered yet."),
        _l("When a file has headings that are not known, its page asks which column is which."),
    ),
)
