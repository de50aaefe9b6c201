"""The manifest of onboarding."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import and_, case

from app.core.criteria.fields import Field, Kind, kept_for
from app.core.escalating import Breach, Origin
from app.core.features import Feature, GuardFor, NavItem, Panel, TimelineKind
from app.core.files.attachable import RecordKind
from app.core.handing_over import Matter
from app.core.jobs import DailyAt
from app.core.merging.moving import Mover
from app.core.permissions import LEADERS, OFFICE, Actor, Role
from app.core.sendable import Sendable
from app.employers.models import Employer
from app.lifecycle.onboarding import demo, queries
from app.lifecycle.onboarding.jobs import watch_openings
from app.lifecycle.onboarding.models import (
    SIGNING_LABELS,
    SIGNING_TABLES,
    Opening,
    OpeningState,
    SigningEvent,
)
from app.lifecycle.onboarding.policy import (
    KIND,
    OPTIONS,
    STEPS,
    TO_OPEN,
    Permission,
    accounts_missing,
    is_stuck,
    objections_to_escalation,
    step_name,
    under_way,
    visible_to,
)
from app.lifecycle.onboarding.services.beginning import papers_approved
from app.lifecycle.onboarding.services.telling import to_send
from app.lifecycle.onboarding.views import blueprint
from app.lifecycle.onboarding.workflow import OPENING
from app.lifecycle.policy import GONE

_GROUP = _l("Taking on")


def _panel(employer: Employer, _actor: Actor) -> dict[str, Any]:
    opening = queries.latest_opening(employer.id)
    current = None if queries.has_served(opening, employer) else opening
    return {
        "opening": opening,
        "steps": STEPS,
        "events": queries.signing_of(employer.id),
        "signing": SIGNING_LABELS,
        "signing_tables": SIGNING_TABLES,
        "opening_workflow": OPENING,
        "may_begin": employer.eligible
        and employer.stage in TO_OPEN
        and employer.operating_status not in GONE
        and (current is None or current.state is OpeningState.WITHDRAWN),
    }


FIELDS = (
    Field(
        "onboarding_step",
        _l("Milestone waited for"),
        Kind.CHOICE,
        case((under_way(), step_name()), else_=None),
        choices=tuple((step.name, step.label) for step in STEPS),
        group=_GROUP,
    ),
    Field(
        "onboarding_stuck",
        _l("Is stuck while being taken on"),
        Kind.BOOL,
        and_(under_way(), is_stuck()),
        group=_GROUP,
        denied=_l("Is not stuck while being taken on"),
    ),
    *(
        Field(
            f"reached_{step.name}",
            _l("Reached: %(milestone)s", milestone=step.reached_label),
            Kind.BOOL,
            ~step.open,
            group=_GROUP,
            denied=_l("Not reached: %(milestone)s", milestone=step.reached_label),
        )
        for step in STEPS[1:]
    ),
)


def _no_two(kept_id: int, merged_id: int) -> Any:
    """Of one employer one opening stands at a time."""
    if queries.standing_opening(kept_id) and queries.standing_opening(merged_id):
        return _l("Both have an account opening under way: withdraw one of them first.")
    return None


#: registered, and no accounts for the employees
ESCALATING = Origin(
    "accounts",
    _l("Employee accounts not set up"),
    Breach.REGISTER,
    accounts_missing,
    objections_to_escalation,
    queries.endings,
    workflow="lifecycle",
    endpoint="employers.show",
    argument="employer_id",
)

feature = Feature(
    name="onboarding",
    origins=(ESCALATING,),
    matters=(
        Matter(
            "openings",
            _l("Account openings"),
            Opening,
            Employer.owner_id,
            queries.is_standing,
            Employer.name,
            Opening.employer_id,
            along=True,
            endpoint="onboarding.show",
        ),
    ),
    blueprint=blueprint,
    navigation=(NavItem(_l("Taking on"), "onboarding.board", Permission.VIEW, "kanban", "leads", 25),),
    grants={
        Permission.VIEW: OFFICE,
        Permission.WORK: (Role.SPECIALIST, *LEADERS),
        Permission.APPROVE: LEADERS,
    },
    workflows=(OPENING,),
    guards=(
        GuardFor("lifecycle", "register", papers_approved),
        GuardFor("lifecycle", "reopen_account", papers_approved),
    ),
    employer_fields=kept_for(Permission.VIEW, FIELDS),
    options=OPTIONS,
    panels=(
        Panel(
            "onboarding",
            _l("Taking on"),
            "lifecycle/onboarding/_panel.html",
            _panel,
            Permission.VIEW,
            15,
            later=True,
        ),
    ),
    record_kinds=(
        RecordKind(
            "opening",
            _l("Account opening"),
            Opening,
            visible_to,
            view=Permission.VIEW,
            attach=Permission.WORK,
            remove=Permission.WORK,
            employer_id=lambda opening: opening.employer_id,
            title=lambda opening: opening.employer.name,
            endpoint="onboarding.show",
        ),
    ),
    movers=(
        Mover(Opening.__tablename__, _l("Account openings"), anchor="onboarding", obstacle=_no_two),
        Mover(SigningEvent.__tablename__, _l("Online signing"), anchor="onboarding"),
    ),
    schedule=(DailyAt("06:10", watch_openings),),
    sendables=(
        Sendable(
            "opening",
            "papers_outstanding",
            lambda opening: _("Papers outstanding of %(employer)s", employer=opening.employer.name),
            to_send,
        ),
    ),
    timeline_kinds=(TimelineKind(KIND, _l("Taking on"), "kanban", Permission.VIEW),),
    demo=demo.load,
)
