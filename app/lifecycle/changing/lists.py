"""The worklist and register of changes."""

from typing import Any

from flask import url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import joinedload, lazyload

from app.accounts.lists import branch_field, user_field
from app.accounts.models import User
from app.core.criteria.trees import Field, Kind, choices_of, rule
from app.core.listing.page import Column, Empty, ListPage, Quick
from app.employers.models import Employer
from app.employers.policy import Permission as EmployerPermission
from app.employers.search.queries import matching
from app.lifecycle.changing.models import ENDED, KIND_LABELS, RegisteredChange
from app.lifecycle.changing.queries import listed
from app.lifecycle.changing.workflow import CHANGING
from app.lifecycle.closing.lists import told
from app.lifecycle.closing.policy import Clock

_STATES = {one.name: one.label for one in CHANGING.states}
_STANDING = rule("state", "in", [name for name in _STATES if name not in ENDED])


def clock_of(change: RegisteredChange) -> Clock:
    """The term of registering it; met on the day on which it was."""
    return Clock(
        change.changed_on, None if change.state == "withdrawn" else change.due_on, change.completed_on
    )


def _state(change: RegisteredChange) -> tuple[Any, str]:
    state = CHANGING.state_of(change)
    return state.label, state.tone.value


def _person(name: str) -> Any:
    relation = getattr(RegisteredChange, name)
    return (joinedload(relation).options(lazyload(User.branch), lazyload(User.roles)),)


CHANGES = ListPage(
    name="changes",
    endpoint="changing.index",
    title=_l("Changes of particulars"),
    lead=_l("Noted or discovered changes, from the papers to the registration, with the term of each."),
    select=listed,
    key=RegisteredChange.id,
    search=lambda text: RegisteredChange.employer_id.in_(select(Employer.id).where(matching(text))),
    search_hint=_l("Present or former name, code or pinyin"),
    default={"match": "all", "rules": [_STANDING]},
    default_sort="due_on",
    fields=(
        Field("state", _l("State"), Kind.CHOICE, RegisteredChange.state, choices=choices_of(_STATES)),
        Field(
            "kind", _l("What changed"), Kind.CHOICE, RegisteredChange.kind, choices=choices_of(KIND_LABELS)
        ),
        Field("changed_on", _l("Holds since"), Kind.DATE, RegisteredChange.changed_on),
        Field("due_on", _l("To be registered by"), Kind.DATE, RegisteredChange.due_on),
        Field("completed_on", _l("Change registered on"), Kind.DATE, RegisteredChange.completed_on),
        user_field("owner", _l("Owner"), Employer.owner_id),
        user_field("noted_by", _l("Noted by"), RegisteredChange.noted_by_id),
        user_field("completed_by", _l("Registered by"), RegisteredChange.completed_by_id),
        branch_field("branch", _l("Branch"), Employer.branch_id),
    ),
    columns=(
        Column(
            "name", _l("Employer name"), lambda one: one.employer.name, sort=Employer.name,
            link=lambda one: url_for("changing.show", id=one.id),
        ),
        Column("kind", _l("What changed"), lambda one: KIND_LABELS[one.kind], sort=RegisteredChange.kind),
        Column("old_value", _l("Before the change"), sort=RegisteredChange.old_value),
        Column("new_value", _l("After the change"), sort=RegisteredChange.new_value),
        Column("changed_on", _l("Holds since"), sort=RegisteredChange.changed_on),
        Column("clock", _l("Term"), badge=lambda one: told(clock_of(one))),
        Column("due_on", _l("To be registered by"), sort=RegisteredChange.due_on),
        Column("state", _l("State"), badge=_state, sort=RegisteredChange.state),
        Column(
            "owner", _l("Owner"), lambda one: one.employer.owner.name if one.employer.owner else None,
        ),
        Column(
            "document", _l("Document with number and date"), sort=RegisteredChange.document, shown=False,
        ),
        Column(
            "noted_by", _l("Noted by"), lambda one: one.noted_by.name if one.noted_by else None,
            options=_person("noted_by"), shown=False,
        ),
        Column(
            "completed_by", _l("Registered by"),
            lambda one: one.completed_by.name if one.completed_by else None,
            options=_person("completed_by"), shown=False,
        ),
        Column("completed_on", _l("Change registered on"), sort=RegisteredChange.completed_on, shown=False),
    ),
    quick=(
        Quick("mine", _l("Mine"), (rule("owner", "is_me"), _STANDING)),
        Quick("overdue", _l("Term passed"), (rule("due_on", "before_days_ago", "0"), _STANDING)),
        Quick("found", _l("Not handed in"), (rule("state", "in", ["found"]),)),
        Quick("done", _l("Change registered"), (rule("state", "in", ["completed"]),)),
    ),
    empty=Empty(
        _l("No change waits for its registration"),
        _l("Note one on the employer's page, as soon as it is known."),
    ),
    export_permission=EmployerPermission.EXPORT,
)  # fmt: skip
