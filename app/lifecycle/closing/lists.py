"""The worklist of firms that are gone or closing, and what their closing says to lists of employers."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from flask import url_for
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy import Date, Select, and_, bindparam, case, func, or_, select
from sqlalchemy.orm import load_only
from wtforms.validators import InputRequired

from app.accounts.lists import branch_field, user_field
from app.accounts.models import User
from app.accounts.queries import name_of
from app.core.clock import today
from app.core.code_tables import code_field, label
from app.core.criteria.trees import Field, Kind, choices_of, rule
from app.core.forms.code_forms import CodedField
from app.core.language import formats
from app.core.listing.page import BulkAction, Column, Empty, ListPage, Quick
from app.core.listing.parts import Badge
from app.core.permissions import Actor
from app.core.workflow.engine import transition
from app.employers.lists import actions_on
from app.employers.models import Employer
from app.employers.policy import Permission as EmployerPermission
from app.employers.policy import visible_to
from app.employers.search.queries import matching
from app.lifecycle.closing.models import (
    ENDED,
    OPEN_SEALINGS,
    Closing,
    ClosingPaper,
    Placement,
    Sealing,
)
from app.lifecycle.closing.policy import (
    PLACE_DAYS,
    Clock,
    Permission,
    papers_for,
    place_clock,
    register_clock,
)
from app.lifecycle.closing.queries import standing
from app.lifecycle.closing.workflow import CLOSING
from app.lifecycle.papers.models import CheckResult
from app.lifecycle.policy import DEREGISTER_DAYS, GONE
from app.lifecycle.workflow import LIFECYCLE, WITH_ACCOUNT

SHOWN = (
    Employer.id, Employer.name, Employer.owner_id, Employer.operating_status,
    Employer.operating_status_source, Employer.operating_status_as_of, Employer.last_contact_on,
    Employer.arrears_months, Employer.account_balance, Employer.heads, Employer.sealed_heads,
    Employer.stage, Employer.area,
)  # fmt: skip

_of_file = Closing.employer_id == Employer.id
#: the event as the file says, or else as the registry does
EVENT_ON = func.coalesce(Closing.event_on, Employer.operating_status_as_of, type_=Date())
_placed = (
    select(func.coalesce(func.sum(Placement.heads), 0))
    .where(Placement.closing_id == Closing.id)
    .correlate(Closing)
    .scalar_subquery()
)
_last_placed = (
    select(func.max(Placement.on))
    .where(Placement.closing_id == Closing.id)
    .correlate(Closing)
    .scalar_subquery()
)
_sealing = (
    select(func.coalesce(func.sum(Sealing.heads), 0))
    .where(Sealing.employer_id == Employer.id, Sealing.state.in_(OPEN_SEALINGS))
    .correlate(Employer)
    .scalar_subquery()
)
_in_order = (
    select(func.count())
    .where(ClosingPaper.closing_id == Closing.id, ClosingPaper.result == CheckResult.COMPLETE)
    .correlate(Closing)
    .scalar_subquery()
)
_owner_name = select(User.name).where(User.id == Employer.owner_id).scalar_subquery()


def _ago(days: Any) -> Any:
    """The first day whose term has not passed; asked when the statement runs, which is compiled once."""
    return lambda: today() - timedelta(days=days.value())


_event_since = bindparam("event_since", callable_=_ago(DEREGISTER_DAYS), type_=Date())
_registered_since = bindparam("registered_since", callable_=_ago(PLACE_DAYS), type_=Date())
_unplaced = func.coalesce(Closing.people, 1) > _placed
_overdue = case(
    (Closing.registered_on.is_(None), _event_since > EVENT_ON),
    else_=and_(_registered_since > Closing.registered_on, _unplaced),
)


def worklist(actor: Actor | None) -> Select[Any]:
    """Employers in reach that are closing, and those whose firm is gone while the account is open."""
    gone = and_(Employer.operating_status.in_(GONE), Employer.stage.in_((*WITH_ACCOUNT, "sealed")))
    return (
        select(
            Employer, Closing, EVENT_ON.label("event_on"), _placed.label("placed"),
            _last_placed.label("last_placed"), _sealing.label("sealing"), _in_order.label("in_order"),
        )
        .outerjoin(Closing, _of_file & standing)
        .where(visible_to(actor), or_(Employer.stage == "closing", gone))
        .options(load_only(*SHOWN))
    )  # fmt: skip


def told(clock: Clock) -> Badge | None:
    """A clock in words and tone; None where it is not running."""
    if clock.due_on is None:
        return None
    if clock.met_on is not None:
        return (_l("met late"), "warning") if clock.overdue else (_l("met"), "good")
    left = clock.days_left or 0
    if left < 0:
        return _l("%(days)s days overdue", days=-left), "danger"
    return _l("%(days)s days left", days=left), "warning" if left <= 7 else "active"


def clock_of(row: Any) -> Clock:
    """The one that runs: until the registration, then until the last account has gone."""
    file = row.Closing
    if file is None or file.registered_on is None:
        return register_clock(row.event_on, None)
    left = file.people is None or row.placed < file.people
    return place_clock(file.registered_on, None if left else row.last_placed or file.registered_on)


def missing(row: Any) -> list[Any]:
    """What stands between the employer and the closing of its account, in a few words each."""
    one, file = row.Employer, row.Closing
    found: list[Any] = []
    if file is None:
        found.append(_l("closing not begun"))
    if row.event_on is None:
        found.append(_l("day of the event"))
    if one.arrears_months:
        found.append(_l("%(months)s months unpaid", months=one.arrears_months))
    if one.account_balance:
        found.append(_l("balance %(amount)s", amount=formats.money(one.account_balance)))
    if file is not None and file.registered_on is None:
        found.append(_papers(file.reason, row.in_order))
    return [str(one) for one in (*found, *_people(one, file, row.placed)) if one is not None]


def _papers(reason: str | None, in_order: int) -> Any:
    open_ = len(papers_for(reason)) - in_order
    return _l("%(papers)s papers", papers=open_) if open_ > 0 else _l("registration")


def _people(employer: Employer, file: Closing | None, placed: int) -> Sequence[Any]:
    people = file.people if file else (employer.heads or 0) + (employer.sealed_heads or 0)
    if people is None:
        return [_l("number of employees")]
    return [_l("%(left)s employees to place", left=people - placed)] if people > placed else []


def _what(row: Any) -> str | None:
    """What happened: of the file, or else the status of the firm."""
    if row.Closing is not None and row.Closing.reason:
        return label("closing_reason", row.Closing.reason)
    return label("operating_status", row.Employer.operating_status) or None


def _source(row: Any) -> str | None:
    file = row.Closing
    source = file.event_source if file is not None and file.event_on else row.Employer.operating_status_source
    return label("fact_source", source) or None


def _state(row: Any) -> Badge:
    if row.Closing is None:
        return _l("Not begun"), "danger"
    state = CLOSING.state_of(row.Closing)
    return state.label, state.tone.value


def _page(row: Any) -> str:
    if row.Closing is not None:
        return url_for("closing.show", id=row.Closing.id)
    return url_for("employers.show", employer_id=row.Employer.id, _anchor="closing")


def _employer(row: Any) -> Employer:
    found: Employer = row.Employer
    return found


class BeginForm(FlaskForm):  # type: ignore[misc]
    reason = CodedField(_l("Why it is closed"), "closing_reason", validators=[InputRequired()])


def _begin(row: Any, actor: Actor, form: FlaskForm) -> None:
    answers = {"account_closing_reason": form["reason"].data}
    transition(LIFECYCLE, row.Employer, "begin_closing", actor, answers=answers)


_STATES = {one.name: one.label for one in CLOSING.states if one.name not in ENDED}

WORKLIST = ListPage(
    name="closings",
    endpoint="closing.index",
    title=_l("Help with closing"),
    lead=_l(
        "Firms that are revoked or deregistered and still have an account, and all accounts being closed."
    ),
    select=worklist,
    key=Employer.id,
    search=matching,
    search_hint=_l("Name, credit code, account, phone or pinyin"),
    default_sort="event_on",
    fields=(
        Field("event_on", _l("Day of the event"), Kind.DATE, EVENT_ON),
        Field("overdue", _l("A term has passed"), Kind.BOOL, _overdue, denied=_l("No term has passed")),
        Field("state", _l("State of the closing"), Kind.CHOICE, Closing.state, choices=choices_of(_STATES)),
        code_field("operating_status", _l("Operating status"), "operating_status", Employer.operating_status),
        code_field("reason", _l("Why it is closed"), "closing_reason", Closing.reason),
        Field("arrears_months", _l("Months in arrears"), Kind.NUMBER, Employer.arrears_months),
        Field("heads", _l("Employees"), Kind.NUMBER, Employer.heads),
        user_field("owner", _l("Owner"), Employer.owner_id),
        branch_field("branch", _l("Branch"), Employer.branch_id),
        Field("last_contact_on", _l("Last contact"), Kind.DATE, Employer.last_contact_on),
    ),
    columns=(
        Column("name", _l("Employer name"), lambda row: row.Employer.name, sort=Employer.name, link=_page),
        Column("what", _l("Why it is closed"), _what),
        Column("event_on", _l("Day of the event"), sort=EVENT_ON),
        Column("source", _l("Who says so"), _source),
        Column("clock", _l("Term"), badge=lambda row: told(clock_of(row))),
        Column("due_on", _l("Due on"), lambda row: clock_of(row).due_on),
        Column("state", _l("State of the closing"), badge=_state, sort=Closing.state),
        Column("missing", _l("What is missing"), missing),
        Column(
            "heads", _l("Employees"), lambda row: row.Employer.heads, sort=Employer.heads, falling=True,
            number=True,
        ),
        Column("placed", _l("Transferred or sealed"), sort=_placed, falling=True, number=True),
        Column(
            "owner", _l("Owner"), lambda row: row.Employer.owner.name if row.Employer.owner else None,
            sort=_owner_name, options=(name_of(Employer.owner),),
        ),
        Column(
            "last_contact_on", _l("Last contact"), lambda row: row.Employer.last_contact_on,
            sort=Employer.last_contact_on, falling=True, shown=False,
        ),
        Column("area", _l("Area"), lambda row: row.Employer.area, sort=Employer.area, shown=False),
    ),
    quick=(
        Quick("mine", _l("Mine"), (rule("owner", "is_me"),)),
        Quick("overdue", _l("Term passed"), (rule("overdue", "yes"),)),
        Quick("begun", _l("Not begun"), (rule("state", "empty"),)),
        Quick("placing", _l("Employees to place"), (rule("state", "in", ["registered"]),)),
        Quick("nobody", _l("Nobody owns it"), (rule("owner", "empty"),)),
    ),
    bulk=(
        BulkAction(
            "begin_closing", _l("Begin the closing"), Permission.WORK, act=_begin, form=BeginForm,
            icon="box-arrow-right",
        ),
    ),
    more_bulk=actions_on(_employer),
    empty=Empty(
        _l("No firm is gone, and no account is being closed"),
        _l(
            "The registry import tells of revoked and deregistered firms; "
            "closing others begins on their page."
        ),
        _l("Employers"), "employers.index", "box-arrow-right",
    ),
    export_permission=EmployerPermission.EXPORT,
)  # fmt: skip

_latest_state = select(Closing.state).where(_of_file, standing).limit(1).correlate(Employer).scalar_subquery()
FIELDS = (
    Field(
        "closing_state", _l("Closing of the account under way"), Kind.CHOICE, _latest_state,
        choices=choices_of(_STATES), group=_l("Closing"),
    ),
)  # fmt: skip


def basis_day(closing: Closing) -> date:
    """The day on which the law is quoted for a closing."""
    return closing.event_on or closing.begun_on
