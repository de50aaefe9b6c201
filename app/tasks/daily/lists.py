"""The days of everybody, closed or not."""

from datetime import datetime

from flask import url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.accounts.lists import branch_field, user_field
from app.accounts.models import User
from app.accounts.queries import name_of
from app.core.criteria.trees import Field, Kind, rule
from app.core.listing.page import Column, Empty, ListPage, Quick
from app.employers.policy import Permission as EmployerPermission
from app.tasks.daily.models import DayClosing
from app.tasks.daily.queries import listed

_person = select(User.name).where(User.id == DayClosing.user_id).scalar_subquery()
#: days of leave are not asked for
NOT_CLOSED = (rule("closed", "no"), rule("leave", "no"))


def _state(row: DayClosing) -> tuple[object, str]:
    if row.on_leave:
        return _l("on leave"), "neutral"
    return (_l("closed"), "good") if row.closed_at else (_l("not closed"), "danger")


def _at(row: DayClosing) -> datetime | None:
    return row.closed_at


DAYS = ListPage(
    name="days",
    endpoint="daily.days",
    title=_l("Days of the branch"),
    lead=_l("Who closed which day, what was done and what stayed open."),
    select=listed,
    key=DayClosing.id,
    default={"match": "all", "rules": [*NOT_CLOSED]},
    default_sort="-day",
    fields=(
        Field("day", _l("Day"), Kind.DATE, DayClosing.day),
        Field("closed", _l("Day closed"), Kind.BOOL, DayClosing.closed_at.is_not(None)),
        Field("leave", _l("On leave"), Kind.BOOL, DayClosing.on_leave),
        user_field("person", _l("Person"), DayClosing.user_id),
        branch_field("branch", _l("Branch"), DayClosing.branch_id),
        Field("left_open", _l("Stayed open"), Kind.NUMBER, DayClosing.left_open),
        Field("done", _l("Done"), Kind.NUMBER, DayClosing.done),
    ),
    columns=(
        Column(
            "person", _l("Person"), lambda row: row.user.name, sort=_person,
            options=(name_of(DayClosing.user),), link=lambda row: url_for("daily.show", id=row.id),
        ),
        Column("day", _l("Day"), sort=DayClosing.day, falling=True),
        Column("state", _l("State"), badge=_state),
        Column("done", _l("Done"), sort=DayClosing.done, falling=True, number=True),
        Column("left_open", _l("Stayed open"), sort=DayClosing.left_open, falling=True, number=True),
        Column("closed_at", _l("Closed at"), _at, sort=DayClosing.closed_at, falling=True),
    ),
    quick=(
        Quick("gaps", _l("Not closed"), NOT_CLOSED),
        Quick("leave", _l("On leave"), (rule("leave", "yes"),)),
    ),
    empty=Empty(
        _l("No day yet"), _l("Days stand here from the first evening on which somebody closes one."),
        icon="calendar-check",
    ),
    export_permission=EmployerPermission.EXPORT,
)  # fmt: skip
