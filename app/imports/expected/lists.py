"""What is expected, as a list."""

from flask import url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload

from app.accounts.lists import branch_field, user_field
from app.accounts.models import Branch, User
from app.core.criteria.fields import choices_of
from app.core.criteria.trees import Field, Kind
from app.core.listing.page import Column, Empty, ListPage
from app.core.listing.parts import Link
from app.core.permissions import current_actor, may_open
from app.imports.expected import queries
from app.imports.expected.models import RHYTHM_LABELS, ImportExpectation
from app.imports.expected.policy import rhythm_text
from app.imports.lists import kind_title, spec_choices
from app.imports.policy import Permission


def _page(one: ImportExpectation) -> str | None:
    """For those who may change it."""
    if not may_open(current_actor(), "import_expected.edit"):
        return None
    return url_for("import_expected.edit", expectation_id=one.id)


EXPECTED = ListPage(
    name="import_expectations",
    title=_l("Expected files"),
    lead=_l("Who has not sent his list by its day is asked for it: whoever sees to it gets a task."),
    select=queries.expectations,
    key=ImportExpectation.id,
    default_sort="spec",
    columns=(
        Column(
            "spec",
            _l("Kind"),
            lambda one: kind_title(one.spec),
            sort=ImportExpectation.spec,
            format=str,
            link=_page,
        ),
        Column("source", _l("Files from"), sort=ImportExpectation.source),
        Column("rhythm", _l("By when"), rhythm_text, sort=ImportExpectation.rhythm),
        Column(
            "owner",
            _l("Who sees to it"),
            lambda one: one.owner.name if one.owner else None,
            options=(joinedload(ImportExpectation.owner).load_only(User.name).lazyload("*"),),
        ),
        Column(
            "branch",
            _l("Branch"),
            lambda one: one.branch.name,
            options=(joinedload(ImportExpectation.branch).load_only(Branch.name).lazyload("*"),),
        ),
        Column("since", _l("Expected since"), sort=ImportExpectation.since, falling=True, shown=False),
    ),
    fields=(
        Field("spec", _l("Kind"), Kind.CHOICE, ImportExpectation.spec, choices=spec_choices),
        Field("source", _l("Files from"), Kind.TEXT, ImportExpectation.source),
        Field(
            "rhythm",
            _l("How often"),
            Kind.CHOICE,
            ImportExpectation.rhythm,
            choices=choices_of(RHYTHM_LABELS),
        ),
        branch_field("branch", _l("Branch"), ImportExpectation.branch_id),
        user_field("owner", _l("Who sees to it"), ImportExpectation.owner_id),
    ),
    links=(Link(_l("Expect a file"), "import_expected.new", Permission.EXPECT, "calendar-plus", "primary"),),
    empty=Empty(
        _l("No file is expected yet."),
        _l("Say which list comes when, and whoever sees to it is told when it is missing."),
        _l("Expect a file"),
        "import_expected.new",
    ),
    export_permission=Permission.VIEW,
)
