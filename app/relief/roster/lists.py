"""The employers of one roster, and the action that puts employers on it."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from wtforms import SelectField

from app.accounts.lists import user_field
from app.accounts.queries import name_of
from app.core.criteria.trees import Field, Kind, choices_of, rule
from app.core.forms.choices import offered
from app.core.links import url_if
from app.core.listing.page import Column, Empty, ListPage, Quick
from app.core.listing.parts import BulkAction
from app.core.permissions import Actor, current_actor
from app.employers.models import Employer
from app.employers.policy import Permission as EmployerPermission
from app.employers.search.queries import matching
from app.relief.policy import Permission
from app.relief.roster import services
from app.relief.roster.models import INTENT_LABELS, INTENT_TONES, WANTS, ReliefRosterLine
from app.relief.roster.queries import find, lines, rosters

_employer = select(Employer.name).where(Employer.id == ReliefRosterLine.employer_id).scalar_subquery()
_owner = select(Employer.owner_id).where(Employer.id == ReliefRosterLine.employer_id).scalar_subquery()
_heads = select(Employer.heads).where(Employer.id == ReliefRosterLine.employer_id).scalar_subquery()


class AddForm(FlaskForm):  # type: ignore[misc]
    roster_id = SelectField(_l("Roster"), coerce=int)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = [(one.id, one.title) for one, _progress in rosters(current_actor())]
        self.roster_id.choices = offered(known)


def _put_on_roster(employer: Employer, actor: Actor, form: FlaskForm) -> None:
    services.add(find(form.roster_id.data, actor), employer, actor)


ADD = BulkAction(
    "add_to_relief_roster",
    _l("Add to a roster of key employers"),
    Permission.APPLY,
    act=_put_on_roster,
    form=AddForm,
    icon="card-checklist",
    tone="secondary",
    undoable=True,
)

LINES = ListPage(
    name="relief_roster",
    title=_l("Roster of key employers"),
    select=lines,
    key=ReliefRosterLine.id,
    default_sort="surveyed_on",
    search=lambda words: ReliefRosterLine.employer_id.in_(select(Employer.id).where(matching(words))),
    search_hint=_l("Employer's name, code or pinyin"),
    template="relief/roster/show.html",
    fields=(
        Field(
            "intent", _l("What it intends"), Kind.CHOICE, ReliefRosterLine.intent,
            choices=choices_of(INTENT_LABELS),
        ),
        Field("surveyed_on", _l("Surveyed on"), Kind.DATE, ReliefRosterLine.surveyed_on),
        Field("handled_on", _l("Handled on"), Kind.DATE, ReliefRosterLine.handled_on),
        user_field("owner", _l("Owner"), _owner),
        user_field("surveyed_by", _l("Surveyed by"), ReliefRosterLine.surveyed_by_id),
        Field("heads", _l("Employees"), Kind.NUMBER, _heads),
    ),
    columns=(
        Column(
            "employer", _l("Employer"), value=lambda row: row.employer.name, sort=_employer,
            link=lambda row: url_if("relief_roster.line", id=row.id),
            options=(
                joinedload(ReliefRosterLine.employer)
                .load_only(Employer.id, Employer.name, Employer.heads, Employer.owner_id),
            ),
        ),
        Column(
            "heads", _l("Employees"), value=lambda row: row.employer.heads, sort=_heads, falling=True,
            number=True,
        ),
        Column("surveyed_on", _l("Surveyed on"), sort=ReliefRosterLine.surveyed_on),
        Column(
            "surveyed_by", _l("Surveyed by"),
            value=lambda row: row.surveyed_by.name if row.surveyed_by else None,
            options=(name_of(ReliefRosterLine.surveyed_by),),
        ),
        Column(
            "intent", _l("What it intends"), sort=ReliefRosterLine.intent,
            badge=lambda row: (INTENT_LABELS[row.intent], INTENT_TONES[row.intent]) if row.intent else None,
        ),
        Column("note", _l("What it said"), sort=ReliefRosterLine.note, shown=False),
        Column("handled_on", _l("Handled on"), sort=ReliefRosterLine.handled_on),
        Column("handled_how", _l("What was done for it"), sort=ReliefRosterLine.handled_how),
    ),
    quick=(
        Quick("open", _l("Not surveyed"), (rule("surveyed_on", "empty"),)),
        Quick("wants", _l("Intends relief"), (rule("intent", "in", [one.value for one in WANTS]),)),
        Quick("mine", _l("Mine"), (rule("owner", "is_me"),)),
    ),
    empty=Empty(
        _l("Nobody is on this roster yet"), _l("Add employers from their list by “Add to a roster”."),
    ),
    export_permission=EmployerPermission.EXPORT,
)  # fmt: skip
