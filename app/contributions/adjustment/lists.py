"""The list of a year's drive, and what it says to lists of employers, segments and campaigns."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from wtforms import DateField
from wtforms.validators import InputRequired

from app.accounts.lists import branch_field, user_field
from app.accounts.models import User
from app.contributions.adjustment import queries
from app.contributions.adjustment.models import Adjustment, AdjustmentState
from app.contributions.adjustment.policy import Permission
from app.contributions.adjustment.workflow import ADJUSTMENT
from app.core.clock import today
from app.core.criteria.trees import Field, Kind, choices_of, rule
from app.core.language import formats
from app.core.links import url_if
from app.core.listing.page import BulkAction, Column, Empty, ListPage, Quick
from app.core.permissions import Actor
from app.core.workflow.engine import transition
from app.employers.forms import not_in_the_future
from app.employers.lists import actions_on
from app.employers.models import Employer
from app.employers.policy import Permission as EmployerPermission
from app.employers.search.queries import matching

STATES = {state.name: state.label for state in ADJUSTMENT.states}
_of = Employer.id == Adjustment.employer_id


def _of_employer(column: Any) -> Any:
    return select(column).where(_of).correlate(Adjustment).scalar_subquery()


_name, _branch, _owner, _area = map(
    _of_employer, (Employer.name, Employer.branch_id, Employer.owner_id, Employer.area)
)
_owner_name = (
    select(User.name)
    .join(Employer, Employer.owner_id == User.id)
    .where(_of)
    .correlate(Adjustment)
    .scalar_subquery()
)


class DayForm(FlaskForm):  # type: ignore[misc]
    on = DateField(_l("On the day"), [InputRequired(), not_in_the_future], default=today)


def _step(name: str, answer: str | None = None) -> Any:
    def act(row: Adjustment, actor: Actor, form: FlaskForm) -> None:
        answers = {answer: form["on"].data} if answer else {}
        transition(ADJUSTMENT, row, name, actor, answers=answers)

    return act


def _employer(row: Any) -> Employer:
    found: Employer = row.employer
    return found


def _state(row: Adjustment) -> tuple[Any, str]:
    state = ADJUSTMENT.state_of(row)
    return state.label, state.tone.value


LISTED = ListPage(
    name="adjustments",
    title=_l("Adjustment of bases"),
    select=queries.rows_of,
    key=Adjustment.id,
    default_sort="name",
    search=lambda words: Adjustment.employer_id.in_(select(Employer.id).where(matching(words))),
    search_hint=_l("Employer's name, code or pinyin"),
    template="adjustment/index.html",
    fields=(
        Field("state", _l("State"), Kind.CHOICE, Adjustment.state, choices=choices_of(STATES)),
        Field("invited_on", _l("Invited on"), Kind.DATE, Adjustment.invited_on),
        Field("attended_on", _l("Attended on"), Kind.DATE, Adjustment.attended_on),
        Field("submitted_on", _l("Submitted on"), Kind.DATE, Adjustment.submitted_on),
        Field("heads", _l("Employees"), Kind.NUMBER, Adjustment.heads),
        Field("lowest", _l("Lowest of the bases"), Kind.MONEY, Adjustment.lowest),
        Field("highest", _l("Highest of the bases"), Kind.MONEY, Adjustment.highest),
        Field("area", _l("Area"), Kind.TEXT, _area),
        user_field("owner", _l("Owner"), _owner),
        branch_field("branch", _l("Branch"), _branch),
    ),
    columns=(
        Column(
            "name", _l("Employer name"), lambda row: row.employer.name, sort=_name,
            link=lambda row: url_if("adjustment.show", id=row.id),
            options=(
                joinedload(Adjustment.employer).load_only(
                    Employer.id, Employer.name, Employer.owner_id, Employer.branch_id, Employer.area
                ),
            ),
        ),
        Column("state", _l("State"), badge=_state, sort=Adjustment.state),
        Column("invited_on", _l("Invited on"), sort=Adjustment.invited_on),
        Column("attended_on", _l("Attended on"), sort=Adjustment.attended_on),
        Column("submitted_on", _l("Submitted on"), sort=Adjustment.submitted_on),
        Column("heads", _l("Employees"), sort=Adjustment.heads, falling=True, number=True),
        Column(
            "total_base", _l("Sum of the bases"), sort=Adjustment.total_base, falling=True, number=True,
            format=formats.money,
        ),
        Column(
            "lowest", _l("Lowest of the bases"), sort=Adjustment.lowest, number=True, format=formats.money
        ),
        Column(
            "highest", _l("Highest of the bases"), sort=Adjustment.highest, falling=True, number=True,
            format=formats.money,
        ),
        Column(
            "owner", _l("Owner"), lambda row: row.employer.owner.name if row.employer.owner else None,
            sort=_owner_name,
            options=(
                joinedload(Adjustment.employer).joinedload(Employer.owner).load_only(User.id, User.name),
            ),
        ),
        Column("area", _l("Area"), lambda row: row.employer.area, sort=_area, shown=False),
    ),
    quick=(
        Quick("mine", _l("Mine"), (rule("owner", "is_me"),)),
        Quick("listed", _l("To be invited"), (rule("state", "in", ["listed"]),)),
        Quick("missing", _l("Not submitted"), (rule("state", "in", [one.value for one in queries.OPEN]),)),
        Quick("check", _l("To be checked"), (rule("state", "in", [AdjustmentState.SUBMITTED.value]),)),
        Quick("returned", _l("Returned"), (rule("state", "in", [AdjustmentState.RETURNED.value]),)),
    ),
    bulk=(
        BulkAction(
            "invite", _l("Record the invitation"), Permission.WORK, act=_step("invite", "invited_on"),
            form=DayForm, icon="envelope",
        ),
        BulkAction(
            "attend", _l("Record the attendance"), Permission.WORK, act=_step("attend", "attended_on"),
            form=DayForm, icon="person-check", tone="secondary",
        ),
        BulkAction(
            "check", _l("Checked and in order"), Permission.WORK, act=_step("check"), icon="check2-circle",
            tone="secondary",
        ),
    ),
    more_bulk=actions_on(_employer),
    empty=Empty(
        _l("Nobody has bases to adjust in this year"),
        _l("Employers that contribute are listed by themselves every night while the window is open."),
    ),
    export_permission=EmployerPermission.EXPORT,
)  # fmt: skip

FIELDS = (
    Field(
        "base_adjustment", _l("Adjustment of bases of this year"), Kind.CHOICE, queries.state_now,
        choices=choices_of(STATES), group=_l("Adjustment of bases"),
    ),
)  # fmt: skip
