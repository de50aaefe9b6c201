"""Account openings, and the papers that are to follow, as lists: what the figures lead to."""

from typing import Any

from flask import url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import contains_eager

from app.accounts.lists import branch_field, user_field
from app.accounts.models import User
from app.core.code_tables import code_field, label
from app.core.criteria.trees import Field, Kind, choices_of, rule
from app.core.listing.page import Column, Empty, ListPage, Quick
from app.core.listing.parts import Badge
from app.employers.models import Employer
from app.employers.policy import Permission as EmployerPermission
from app.employers.search.queries import matching
from app.lifecycle.closing.lists import told
from app.lifecycle.closing.policy import Clock
from app.lifecycle.onboarding.insight.queries import NEXT_DUE, OPEN_PAPERS, all_openings, papers_to_follow
from app.lifecycle.onboarding.models import DocumentCheck, Opening
from app.lifecycle.onboarding.workflow import OPENING, PAPERS
from app.lifecycle.papers.models import RESULT_LABELS, RESULT_TONES

_STATES = {one.name: one.label for one in OPENING.states}
STANDING = rule("state", "in", [one.name for one in OPENING.states if not one.final])
_owner_name = select(User.name).where(User.id == Employer.owner_id).scalar_subquery()
_OWNER = (
    contains_eager(Opening.employer).joinedload(Employer.owner).load_only(User.id, User.name).lazyload("*"),
)


def _state(row: Any) -> Badge:
    state = OPENING.state_of(row.Opening)
    return state.label, state.tone.value


def _owner(row: Any) -> str | None:
    owner = row.Opening.employer.owner
    return owner.name if owner else None


OPENINGS = ListPage(
    name="openings",
    endpoint="openings.index",
    title=_l("Account openings"),
    lead=_l("Every opening with its papers, from the first look at them to the final approval."),
    select=all_openings,
    key=Opening.id,
    search=matching,
    search_hint=_l("Name, credit code, account, phone or pinyin"),
    default={"match": "all", "rules": [STANDING]},
    default_sort="begun_on",
    fields=(
        Field("state", _l("State"), Kind.CHOICE, Opening.state, choices=choices_of(_STATES)),
        Field("begun_on", _l("Begun on"), Kind.DATE, Opening.begun_on),
        Field("open_papers", _l("Papers not in order"), Kind.NUMBER, OPEN_PAPERS),
        Field("next_due", _l("Next paper due"), Kind.DATE, NEXT_DUE),
        user_field("owner", _l("Owner"), Employer.owner_id),
        user_field("begun_by", _l("Begun by"), Opening.begun_by_id),
        branch_field("branch", _l("Branch"), Employer.branch_id),
    ),
    columns=(
        Column(
            "name", _l("Employer name"), lambda row: row.Opening.employer.name, sort=Employer.name,
            link=lambda row: url_for("onboarding.show", id=row.Opening.id),
        ),
        Column("state", _l("State"), badge=_state, sort=Opening.state),
        Column("begun_on", _l("Begun on"), lambda row: row.Opening.begun_on, sort=Opening.begun_on),
        Column("open_papers", _l("Papers not in order"), sort=OPEN_PAPERS, falling=True, number=True),
        Column("next_due", _l("Next paper due"), sort=NEXT_DUE),
        Column(
            "account_opened_on", _l("Account opened on"),
            lambda row: row.Opening.employer.account_opened_on, sort=Employer.account_opened_on, falling=True,
        ),
        Column("owner", _l("Owner"), _owner, sort=_owner_name, options=_OWNER),
    ),
    quick=(
        Quick("mine", _l("Mine"), (rule("owner", "is_me"), STANDING)),
        Quick("deferred", _l("Papers to follow"), (rule("state", "in", ["deferred"]),)),
        Quick("to_approve", _l("To be approved"), (rule("state", "in", ["accepted"]),)),
    ),
    empty=Empty(
        _l("No account opening here"),
        _l("Begin an account opening on the page of an employer that has none."),
        _l("Taking on"), "onboarding.board", "folder-plus",
    ),
    export_permission=EmployerPermission.EXPORT,
)  # fmt: skip


def _due(row: Any) -> Badge | None:
    return told(Clock(None, row.DocumentCheck.due_on))


def _result(row: Any) -> Badge:
    found = row.DocumentCheck.result
    return RESULT_LABELS[found], RESULT_TONES[found]


TO_FOLLOW = ListPage(
    name="papers_to_follow",
    endpoint="openings.papers",
    title=_l("Papers to follow"),
    lead=_l("What openings were accepted without, and by when it is to be handed in."),
    select=papers_to_follow,
    key=DocumentCheck.id,
    search=matching,
    search_hint=_l("Name, credit code, account, phone or pinyin"),
    default_sort="due_on",
    fields=(
        Field("due_on", _l("Follows by"), Kind.DATE, DocumentCheck.due_on),
        code_field("paper", _l("Paper"), PAPERS.table, DocumentCheck.code),
        user_field("owner", _l("Owner"), Employer.owner_id),
        branch_field("branch", _l("Branch"), Employer.branch_id),
    ),
    columns=(
        Column(
            "name", _l("Employer name"), lambda row: row.Opening.employer.name, sort=Employer.name,
            link=lambda row: url_for("onboarding.show", id=row.Opening.id, _anchor="papers"),
        ),
        Column(
            "paper", _l("Paper"), lambda row: label(PAPERS.table, row.DocumentCheck.code),
            sort=DocumentCheck.code,
        ),
        Column("result", _l("Found"), badge=_result, sort=DocumentCheck.result),
        Column("due_on", _l("Follows by"), lambda row: row.DocumentCheck.due_on, sort=DocumentCheck.due_on),
        Column("clock", _l("Days left"), badge=_due),
        Column("owner", _l("Owner"), _owner, sort=_owner_name, options=_OWNER),
    ),
    quick=(
        Quick("mine", _l("Mine"), (rule("owner", "is_me"),)),
        Quick("late", _l("Past their day"), (rule("due_on", "before_days_ago", "0"),)),
    ),
    empty=Empty(
        _l("No paper is to follow"),
        _l("Papers stand here while an opening was accepted without them."),
        _l("Taking on"), "onboarding.board", "file-earmark-check",
    ),
    export_permission=EmployerPermission.EXPORT,
)  # fmt: skip
