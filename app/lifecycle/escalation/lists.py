"""The worklist of escalations."""

from datetime import date
from typing import Any

from flask import url_for
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.accounts.lists import branch_field, user_field
from app.accounts.models import User
from app.accounts.queries import name_of
from app.core.clock import today
from app.core.criteria.trees import Field, Kind, choices_of, rule
from app.core.escalating import Breach
from app.core.features import current_features
from app.core.language import formats
from app.core.listing.page import Column, Empty, Link, ListPage, Quick
from app.core.permissions import Actor
from app.core.workflow.engine import WorkflowHistory
from app.employers.models import Employer
from app.employers.policy import Permission as EmployerPermission
from app.employers.search.queries import matching
from app.lifecycle.escalation.models import (
    BREACH_LABELS,
    OUTCOME_LABELS,
    OUTCOME_TONES,
    Escalation,
    SkipRequest,
    SkipState,
)
from app.lifecycle.escalation.policy import Permission
from app.lifecycle.escalation.queries import DAYS, ENTERED, PASSED_OVER, listed, passages
from app.lifecycle.escalation.workflow import ESCALATION, OPEN

_name = select(Employer.name).where(Employer.id == Escalation.employer_id).scalar_subquery()
_heads = select(Employer.heads).where(Employer.id == Escalation.employer_id).scalar_subquery()
_behind = select(Employer.arrears_months).where(Employer.id == Escalation.employer_id).scalar_subquery()
_branch = select(Employer.branch_id).where(Employer.id == Escalation.employer_id).scalar_subquery()
_holder = select(User.name).where(User.id == Escalation.holder_id).scalar_subquery()
_asked = (
    select(SkipRequest.id)
    .where(SkipRequest.escalation_id == Escalation.id, SkipRequest.state == SkipState.ASKED)
    .exists()
)


def days_left(due_on: date | None) -> str | None:
    """Calendar days until the day, or past it, in words."""
    if due_on is None:
        return None
    left = (due_on - today()).days
    if left < 0:
        return str(ngettext("%(num)d day overdue", "%(num)d days overdue", -left))
    return str(ngettext("%(num)d day left", "%(num)d days left", left))


def _clock(row: Escalation) -> tuple[str, str] | None:
    words = days_left(row.due_on)
    if words is None or row.due_on is None:
        return None
    left = (row.due_on - today()).days
    return words, "danger" if left < 0 else "warning" if left <= 1 else "neutral"


def _state(row: Escalation) -> tuple[Any, str]:
    state = ESCALATION.state_of(row)
    return state.label, state.tone.value


def _outcome(row: Escalation) -> tuple[Any, str] | None:
    if row.outcome is None:
        return None
    return OUTCOME_LABELS[row.outcome], OUTCOME_TONES.get(row.outcome, "done")


def _origin(row: Escalation) -> Any:
    origin = current_features().origins.get(row.origin)
    return origin.label if origin else row.origin


def _origins(_actor: Actor | None) -> list[tuple[str, Any]]:
    return [(one.name, one.label) for one in current_features().origins.values()]


PROPOSED = rule("state", "in", ["penalty_proposed", "court_proposed"])

ESCALATIONS = ListPage(
    name="escalations",
    endpoint="escalation.index",
    title=_l("Escalations"),
    lead=_l("From service to enforcement: contact, visit, letter, order, then penalty or court."),
    select=listed,
    key=Escalation.id,
    search=lambda text: Escalation.employer_id.in_(select(Employer.id).where(matching(text))),
    search_hint=_l("Name, credit code, account, phone or pinyin"),
    default={"match": "all", "rules": [rule("state", "in", list(OPEN))]},
    default_sort="due_on",
    fields=(
        Field("state", _l("State"), Kind.CHOICE, Escalation.state, choices=tuple(ESCALATION.choices)[1:]),
        Field("breach", _l("About"), Kind.CHOICE, Escalation.breach, choices=choices_of(BREACH_LABELS)),
        Field("origin", _l("Began from"), Kind.CHOICE, Escalation.origin, choices=_origins),
        Field("due_on", _l("Due on"), Kind.DATE, Escalation.due_on),
        Field(
            "skip", _l("Waits for consent"), Kind.BOOL, _asked, denied=_l("Waits for no consent"),
        ),
        Field(
            "passed_over", _l("Steps passed over with consent"), Kind.BOOL, PASSED_OVER,
            denied=_l("No step was passed over"),
        ),
        user_field("holder", _l("Carried by"), Escalation.holder_id),
        branch_field("branch", _l("Branch"), _branch),
        Field("begun_on", _l("Begun on"), Kind.DATE, Escalation.begun_on),
        Field("ended_on", _l("Ended on"), Kind.DATE, Escalation.ended_on),
        Field(
            "outcome", _l("What came of it"), Kind.CHOICE, Escalation.outcome,
            choices=choices_of(OUTCOME_LABELS),
        ),
        Field(
            "ended_in", _l("Ended while"), Kind.CHOICE, Escalation.ended_in,
            choices=tuple(ESCALATION.choices)[1:],
        ),
    ),
    columns=(
        Column(
            "name", _l("Employer name"), lambda row: row.employer.name, sort=_name,
            link=lambda row: url_for("escalation.show", id=row.id),
            options=(
                joinedload(Escalation.employer).load_only(
                    Employer.id, Employer.name, Employer.arrears_months, Employer.heads
                ),
            ),
        ),
        Column("state", _l("State"), badge=_state, sort=Escalation.state),
        Column("left", _l("Days left"), badge=_clock, sort=Escalation.due_on),
        Column("due_on", _l("Due on"), sort=Escalation.due_on),
        Column("breach", _l("About"), lambda row: BREACH_LABELS[row.breach], sort=Escalation.breach),
        Column(
            "holder", _l("Carried by"), lambda row: row.holder.name if row.holder else None, sort=_holder,
            options=(name_of(Escalation.holder),),
        ),
        Column(
            "months", _l("Months in arrears"),
            lambda row: row.employer.arrears_months if row.breach is Breach.PAY else None, sort=_behind,
            falling=True, number=True,
        ),
        Column(
            "heads", _l("Contributing employees"), lambda row: row.employer.heads, sort=_heads, falling=True,
            number=True, shown=False,
        ),
        Column("begun_on", _l("Begun on"), sort=Escalation.begun_on, falling=True),
        Column("origin", _l("Began from"), _origin, sort=Escalation.origin, shown=False),
        Column("outcome", _l("What came of it"), badge=_outcome, sort=Escalation.outcome, shown=False),
        Column("ended_on", _l("Ended on"), sort=Escalation.ended_on, falling=True, shown=False),
        Column("order_no", _l("Number of the order"), sort=Escalation.order_no, shown=False),
    ),
    quick=(
        Quick("mine", _l("Mine"), (rule("holder", "is_me"),)),
        Quick("overdue", _l("Overdue"), (rule("due_on", "before_days_ago", "0"),)),
        Quick("consent", _l("Waits for consent"), (rule("skip", "yes"),)),
        Quick("proposed", _l("Waits for approval"), (PROPOSED,)),
    ),
    links=(Link(_l("Figures"), "escalation.figures", Permission.VIEW, "bar-chart-line"),),
    empty=Empty(
        _l("Nothing is being escalated"),
        _l("Begin from an employer's page, or for several from the worklist of arrears."),
        icon="ladder",
    ),
    export_permission=EmployerPermission.EXPORT,
)  # fmt: skip


def _left_state(row: Any) -> tuple[Any, str]:
    state = ESCALATION.state(row.WorkflowHistory.source)
    return state.label, state.tone.value


PASSAGES = ListPage(
    name="escalation_steps",
    endpoint="escalation.steps",
    title=_l("Steps that escalations have passed"),
    lead=_l("Each step that was left for the next one, and how many days it took."),
    select=passages,
    key=WorkflowHistory.id,
    search=matching,
    search_hint=_l("Name, credit code, account, phone or pinyin"),
    default_sort="days",
    fields=(
        Field(
            "state", _l("Step passed"), Kind.CHOICE, WorkflowHistory.source,
            choices=choices_of({name: ESCALATION.state(name).label for name in OPEN}),
        ),
        Field("days", _l("Days it took"), Kind.NUMBER, DAYS),
        Field("left_at", _l("Passed at"), Kind.MOMENT, WorkflowHistory.at),
        Field("breach", _l("About"), Kind.CHOICE, Escalation.breach, choices=choices_of(BREACH_LABELS)),
        user_field("holder", _l("Carried by"), Escalation.holder_id),
        branch_field("branch", _l("Branch"), _branch),
        Field("begun_on", _l("Begun on"), Kind.DATE, Escalation.begun_on),
    ),
    columns=(
        Column(
            "name", _l("Employer name"), lambda row: row.Escalation.employer.name, sort=_name,
            link=lambda row: url_for("escalation.show", id=row.Escalation.id),
            options=(joinedload(Escalation.employer).load_only(Employer.id, Employer.name),),
        ),
        Column("state", _l("Step passed"), badge=_left_state, sort=WorkflowHistory.source),
        Column(
            "entered", _l("There since"), lambda row: row.entered, sort=ENTERED, falling=True,
            format=formats.moment,
        ),
        Column(
            "left_at", _l("Passed at"), lambda row: row.WorkflowHistory.at, sort=WorkflowHistory.at,
            falling=True, format=formats.moment,
        ),
        Column("days", _l("Days it took"), lambda row: row.days, sort=DAYS, number=True),
        Column(
            "by", _l("Passed by"), lambda row: row.WorkflowHistory.actor_name or _l("System"),
            sort=WorkflowHistory.actor_name,
        ),
        Column("begun_on", _l("Begun on"), lambda row: row.Escalation.begun_on, sort=Escalation.begun_on,
               falling=True, shown=False),
    ),
    empty=Empty(
        _l("No escalation has passed this step"),
        _l("As soon as one goes on to the next step, it stands here with its days."),
        icon="ladder",
    ),
    export_permission=EmployerPermission.EXPORT,
)  # fmt: skip
