"""The list of drives, the worklist of one, and what both say to lists of employers and segments."""

from dataclasses import replace
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy import String, cast, func, literal, select
from sqlalchemy.orm import joinedload
from wtforms import BooleanField, SelectField, StringField
from wtforms.validators import InputRequired, Length

from app.accounts.lists import branch_field, user_field
from app.accounts.models import User
from app.accounts.queries import name_of
from app.core.criteria.fields import Choice
from app.core.criteria.trees import Field, Kind, choices_of, rule
from app.core.db import db
from app.core.forms.choices import offered
from app.core.language import formats
from app.core.links import url_if
from app.core.listing.page import BulkAction, Column, Empty, ListPage, Quick
from app.core.permissions import Actor, current_actor
from app.core.workflow.engine import transition
from app.employers.areas.lists import PLACE
from app.employers.models import Employer
from app.employers.policy import Permission as EmployerPermission
from app.employers.search.queries import matching
from campaigns.channels.worklist import queries
from campaigns.channels.worklist.models import Drive, DriveRow
from campaigns.channels.worklist.policy import OUTCOMES, READY, Permission, ready, to_be_done
from campaigns.channels.worklist.services import asking, starting
from campaigns.channels.worklist.workflow import DRIVE, ROW, load_drive

OUTCOME_LABELS = {code: one.label for code, one in OUTCOMES.items()}


def _badge(workflow: Any) -> Any:
    def badge(record: Any) -> tuple[Any, str]:
        state = workflow.state_of(record)
        return state.label, state.tone.value

    return badge


DRIVES = ListPage(
    name="drives",
    endpoint="drives.index",
    title=_l("Drives"),
    lead=_l("Each employer goes to a specialist as a call or a visit, with a script and a short form."),
    select=queries.listed,
    key=Drive.id,
    default_sort="-begun",
    search=lambda words: Drive.name.icontains(words, autoescape=True),
    search_hint=_l("Name of the drive"),
    template="campaigns/worklist/index.html",
    fields=(
        Field("name", _l("Name of the drive"), Kind.TEXT, Drive.name),
        Field("state", _l("State"), Kind.CHOICE, Drive.state, choices=DRIVE.choices),
        Field(
            "kind", _l("Kind"), Kind.CHOICE, Drive.kind,
            choices=tuple((code, one.name) for code, one in READY.items()),
        ),
        Field("ends_on", _l("Last day of the drive"), Kind.DATE, Drive.ends_on),
        Field("number", _l("Number of the drive"), Kind.NUMBER, Drive.id),
        user_field("begun_by", _l("Started by"), Drive.begun_by_id),
        Field("begun", _l("Started at"), Kind.MOMENT, Drive.created_at),
        branch_field("branch", _l("Branch"), Drive.branch_id),
    ),
    columns=(
        Column(
            "name", _l("Name of the drive"), sort=Drive.name,
            link=lambda row: url_if("drives.show", id=row.id),
        ),
        Column("number", _l("Number of the drive"), lambda row: row.id, number=True),
        Column("kind", _l("Kind"), lambda row: ready(row.kind).name, sort=Drive.kind),
        Column("state", _l("State"), badge=_badge(DRIVE), sort=Drive.state),
        Column("ends_on", _l("Last day of the drive"), sort=Drive.ends_on),
        Column(
            "begun_by", _l("Started by"), lambda row: row.begun_by.name, options=(name_of(Drive.begun_by),)
        ),
        Column("begun", _l("Started at"), lambda row: row.created_at, sort=Drive.id, falling=True),
    ),
    quick=(Quick("running", _l("Running"), (rule("state", "in", ["running"]),)),),
    empty=Empty(
        _l("No drive yet"), _l("Start one of the ready ones: one form is enough."), icon="list-check"
    ),
    export_permission=Permission.RUN,
)  # fmt: skip


# The worklist of a drive --------------------------------------------------------------------------------


def _of_employer(column: Any) -> Any:
    of = Employer.id == DriveRow.employer_id
    return select(column).where(of).correlate(DriveRow).scalar_subquery()


_name, _branch, _area, _area_id = map(
    _of_employer, (Employer.name, Employer.branch_id, Employer.area, Employer.area_id)
)
_owner = select(User.name).where(User.id == DriveRow.owner_id).correlate(DriveRow).scalar_subquery()


class OwnerForm(FlaskForm):  # type: ignore[misc]
    owner_id = SelectField(_l("Specialist"), coerce=int)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.owner_id.choices = offered(queries.colleagues(current_actor()))


def _reassign(row: DriveRow, actor: Actor, form: FlaskForm) -> None:
    asking.reassign(row, db.session.get_one(User, form["owner_id"].data), actor)


class ReasonForm(FlaskForm):  # type: ignore[misc]
    reason = StringField(_l("Reason"), [InputRequired(), Length(2, 200)])


def _give_up(row: DriveRow, actor: Actor, form: FlaskForm) -> None:
    transition(ROW, row, "give_up", actor, answers={"reason": form["reason"].data})


def _outcome(row: DriveRow) -> tuple[Any, str] | None:
    come = OUTCOMES.get(row.outcome or "")
    return (come.label, come.tone) if come else None


ROWS = ListPage(
    name="drive_rows",
    title=_l("Worklist"),
    select=queries.rows_of,
    key=DriveRow.id,
    default_sort="due_on",
    search=lambda words: DriveRow.employer_id.in_(select(Employer.id).where(matching(words))),
    search_hint=_l("Employer's name, code or pinyin"),
    template="campaigns/worklist/drive.html",
    fields=(
        Field("state", _l("State"), Kind.CHOICE, DriveRow.state, choices=ROW.choices),
        Field("outcome", _l("Outcome"), Kind.CHOICE, DriveRow.outcome, choices=choices_of(OUTCOME_LABELS)),
        Field("due_on", _l("Due on"), Kind.DATE, DriveRow.due_on),
        Field("ripe", _l("To be told from"), Kind.PERIOD, DriveRow.ripe),
        Field("told_on", _l("Last tried on"), Kind.DATE, DriveRow.told_on),
        Field("tries", _l("How often tried"), Kind.NUMBER, DriveRow.tries),
        Field("matters", _l("Matters"), Kind.NUMBER, DriveRow.matters),
        Field("settled", _l("Done"), Kind.NUMBER, DriveRow.settled),
        Field("amount", _l("Yuan that came of it"), Kind.MONEY, DriveRow.amount),
        Field("area", _l("Area"), Kind.TEXT, _area),
        replace(PLACE, expression=_area_id, group=None),
        user_field("owner", _l("Specialist"), DriveRow.owner_id),
        branch_field("branch", _l("Branch"), _branch),
        branch_field("branch_then", _l("Branch when it came in"), DriveRow.branch_id),
        replace(
            PLACE, name="place_then", label=_l("Place when it came in"), expression=DriveRow.area_id,
            group=None,
        ),
    ),
    columns=(
        Column(
            "name", _l("Employer name"), lambda row: row.employer.name, sort=_name,
            link=lambda row: url_if("drives.row", id=row.id),
            options=(joinedload(DriveRow.employer).load_only(Employer.id, Employer.name, Employer.area),),
        ),
        Column("state", _l("State"), badge=_badge(ROW), sort=DriveRow.state),
        Column("outcome", _l("Outcome"), badge=_outcome, sort=DriveRow.outcome),
        Column("matters", _l("Matters"), sort=DriveRow.matters, number=True, falling=True),
        Column("settled", _l("Done"), sort=DriveRow.settled, number=True, falling=True),
        Column(
            "owner", _l("Specialist"), lambda row: row.owner.name if row.owner else None, sort=_owner,
            options=(name_of(DriveRow.owner),),
        ),
        Column("due_on", _l("Due on"), sort=DriveRow.due_on),
        Column("ripe", _l("To be told from"), sort=DriveRow.ripe, shown=False),
        Column("told_on", _l("Last tried on"), sort=DriveRow.told_on, falling=True),
        Column("tries", _l("How often tried"), sort=DriveRow.tries, number=True, shown=False),
        Column(
            "amount", _l("Yuan that came of it"), sort=DriveRow.amount, number=True, falling=True,
            format=formats.money, shown=False,
        ),
        Column("area", _l("Area"), lambda row: row.employer.area, sort=_area, shown=False),
    ),
    quick=(
        Quick("mine", _l("Mine"), (rule("owner", "is_me"),)),
        Quick("open", _l("To be done"), (rule("state", "in", ["open"]),)),
        Quick("untold", _l("Not tried yet"), (rule("state", "in", ["open"]), rule("told_on", "empty"))),
        Quick(
            "overdue", _l("Overdue"), (rule("state", "in", ["open"]), rule("due_on", "before_days_ago", "0"))
        ),
        Quick(
            "soon", _l("Due within 30 days"),
            (rule("state", "in", ["open"]), rule("due_on", "in_next_days", "30")),
        ),
        Quick("nobody", _l("Nobody's"), (rule("owner", "empty"),)),
    ),
    bulk=(
        BulkAction(
            "reassign", _l("Give to a specialist"), Permission.RUN, act=_reassign, form=OwnerForm,
            icon="person-check", undoable=True,
        ),
        BulkAction(
            "give_up", _l("Give these employers up"), Permission.WORK, act=_give_up, form=ReasonForm,
            icon="x-circle", tone="secondary",
        ),
    ),
    empty=Empty(
        _l("No employer is in this drive"),
        _l("Import its roster, take in who fits the criteria, or add employers from their list."),
    ),
    export_permission=EmployerPermission.EXPORT,
)  # fmt: skip


# Elsewhere ----------------------------------------------------------------------------------------------


class DriveForm(FlaskForm):  # type: ignore[misc]
    drive_id = SelectField(_l("Drive"), coerce=int)
    also = BooleanField(_l("Also those that are still to be done in another drive"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.drive_id.choices = offered([(one.id, one.name) for one in queries.running(current_actor())])


def _add(employer: Employer, actor: Actor, form: FlaskForm) -> None:
    starting.add(load_drive(form["drive_id"].data, actor), employer, actor, also=bool(form["also"].data))


ADD = BulkAction(
    "add_to_drive", _l("Add to a drive"), Permission.RUN, act=_add, form=DriveForm, icon="list-check",
    tone="secondary",
)  # fmt: skip


def _drives(actor: Actor | None) -> list[Choice]:
    found = db.session.execute(
        queries.listed(actor).with_only_columns(Drive.id, Drive.name).order_by(Drive.id.desc()).limit(50)
    )
    return [(str(row.id), row.name) for row in found]


def _drives_with_outcomes(actor: Actor | None) -> list[Choice]:
    """Drive and outcome in one, so that both are said of the same call."""
    words = {"": _l("not tried yet"), **OUTCOME_LABELS}
    return [
        (f"{id_}:{code}", f"{name}：{label}") for id_, name in _drives(actor) for code, label in words.items()
    ]


def _within(found: Any) -> Any:
    return select(DriveRow.id).where(DriveRow.employer_id == Employer.id, found).exists()


_GROUP = _l("Drives")
FIELDS = (
    Field(
        "drive", _l("In the drive"), Kind.CHOICE, cast(DriveRow.drive_id, String), choices=_drives,
        within=_within, group=_GROUP, permission=Permission.VIEW,
    ),
    Field(
        "drive_outcome", _l("In the drive, with the outcome"), Kind.CHOICE,
        cast(DriveRow.drive_id, String) + literal(":") + func.coalesce(DriveRow.outcome, ""),
        choices=_drives_with_outcomes, within=_within, group=_GROUP, permission=Permission.VIEW,
    ),
    Field(
        "drive_open", _l("Is still to be done in a drive"), Kind.BOOL,
        _within(to_be_done()), group=_GROUP,
        denied=_l("Nothing is to be done in a drive"), permission=Permission.VIEW,
    ),
)  # fmt: skip
