"""The history of imports as a list."""

from typing import Any

from flask import url_for
from flask_babel import lazy_gettext as _l

from app.accounts.lists import branch_field, user_field
from app.accounts.queries import name_of
from app.core.criteria.fields import Choice, choices_of
from app.core.criteria.trees import Field, Kind
from app.core.features import current_features
from app.core.listing.page import Column, Empty, ListPage
from app.core.listing.parts import Link
from app.core.permissions import Actor
from app.imports import queries
from app.imports.models import ImportBatch
from app.imports.policy import Permission
from app.imports.workflow import STATE_LABELS, STATE_TONES


def spec_choices(_actor: Actor | None) -> list[Choice]:
    return [(spec.name, spec.title) for spec in current_features().import_specs.values()]


def kind_title(name: str) -> Any:
    spec = current_features().import_specs.get(name)
    return spec.title if spec else name


IMPORTS = ListPage(
    name="imports",
    endpoint="imports.index",
    title=_l("Imports"),
    select=queries.batches,
    key=ImportBatch.id,
    default_sort="-id",
    columns=(
        Column(
            "file_name",
            _l("File"),
            sort=ImportBatch.file_name,
            link=lambda batch: url_for("imports.show", batch_id=batch.id),
        ),
        Column("id", _l("No."), sort=ImportBatch.id, falling=True, number=True, shown=False),
        Column("spec", _l("Kind"), value=lambda one: kind_title(one.spec), sort=ImportBatch.spec, format=str),
        Column("source", _l("Files from"), sort=ImportBatch.source, shown=False),
        Column(
            "state",
            _l("State"),
            sort=ImportBatch.state,
            badge=lambda batch: (STATE_LABELS[batch.state], STATE_TONES[batch.state]),
        ),
        Column("new", _l("New"), sort=ImportBatch.new, number=True, falling=True),
        Column("changed", _l("Changed"), sort=ImportBatch.changed, number=True, falling=True),
        Column("unchanged", _l("Unchanged"), sort=ImportBatch.unchanged, number=True, shown=False),
        Column("rejected", _l("Rejected"), sort=ImportBatch.rejected, number=True, falling=True),
        Column("period", _l("Month"), sort=ImportBatch.period, shown=False),
        Column(
            "created_by",
            _l("Imported by"),
            value=lambda batch: batch.created_by.name if batch.created_by else None,
            options=(name_of(ImportBatch.created_by),),
        ),
        Column("created_at", _l("Imported on"), sort=ImportBatch.created_at, falling=True),
    ),
    fields=(
        Field("spec", _l("Kind"), Kind.CHOICE, ImportBatch.spec, choices=spec_choices),
        Field("id", _l("No."), Kind.NUMBER, ImportBatch.id),
        Field("source", _l("Files from"), Kind.TEXT, ImportBatch.source),
        Field("state", _l("State"), Kind.CHOICE, ImportBatch.state, choices=choices_of(STATE_LABELS)),
        Field("file_name", _l("File"), Kind.TEXT, ImportBatch.file_name),
        Field("period", _l("Month"), Kind.PERIOD, ImportBatch.period),
        Field("created_at", _l("Imported on"), Kind.MOMENT, ImportBatch.created_at),
        branch_field("branch", _l("Branch"), ImportBatch.branch_id),
        user_field("created_by", _l("Imported by"), ImportBatch.created_by_id),
    ),
    template="imports/index.html",
    export_permission=Permission.VIEW,
    links=(
        Link(_l("Expected files"), "import_expected.index", Permission.VIEW, "calendar-check"),
        Link(_l("Remembered columns"), "import_columns.index", Permission.VIEW, "layout-three-columns"),
        Link(_l("Import a file"), "imports.choose", Permission.RUN, "upload", "primary"),
    ),
    empty=Empty(
        _l("Nothing was imported yet."),
        _l("A dry run shows what a file would change before anything is written."),
        _l("Import a file"),
        "imports.choose",
    ),
)
