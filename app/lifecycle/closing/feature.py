"""The manifest of closing accounts."""

from typing import Any

from flask_babel import lazy_gettext as _l

from app.core.criteria.fields import kept_for
from app.core.criteria.trees import Tree, rule
from app.core.features import Feature, GuardFor, Kpi, NavItem, Panel, TimelineKind
from app.core.files.attachable import RecordKind
from app.core.handing_over import Matter
from app.core.jobs import DailyAt
from app.core.merging.moving import Mover
from app.core.permissions import LEADERS, OFFICE, Actor, Role
from app.core.workflow.engine import available
from app.employers.models import Employer
from app.lifecycle.closing import demo, queries
from app.lifecycle.closing.jobs import help_to_close
from app.lifecycle.closing.lists import FIELDS, told
from app.lifecycle.closing.models import Closing, Placement, Sealing
from app.lifecycle.closing.placing.services import KIND
from app.lifecycle.closing.policy import OPTIONS, Permission, visible_to
from app.lifecycle.closing.services import may_be_closed
from app.lifecycle.closing.views import blueprint
from app.lifecycle.closing.workflow import CLOSING, SEALING
from app.lifecycle.policy import GONE
from app.lifecycle.workflow import WITH_ACCOUNT


def _panel(employer: Employer, actor: Actor) -> dict[str, Any]:
    """The file that stands, or the way to one where the firm is gone."""
    gone = employer.operating_status in GONE and employer.stage in (*WITH_ACCOUNT, "sealed")
    wanted = gone or employer.stage in ("closing", "sealed")
    account = queries.account_of(employer) if wanted else None
    return {
        "account": account,
        "gone": gone,
        "options": available(CLOSING, account.closing, actor) if account and account.closing else (),
        "closing_workflow": CLOSING,
        "told": told,
    }


def _gone(*more: Tree) -> Tree:
    stages = rule("stage", "in", [*WITH_ACCOUNT, "sealed", "closing"])
    return {"match": "all", "rules": [rule("operating_status", "in", list(GONE)), stages, *more]}


KPIS = (
    Kpi(
        "closing_help",
        _l("Gone firms whose closing is begun"),
        lambda _period: _gone(rule("closing_state", "not_empty")),
        lambda _period: _gone(),
        order=90,
    ),
)


def _no_two(kept_id: int, merged_id: int) -> Any:
    """Of one employer one closing stands at a time."""
    if queries.standing_ids((kept_id, merged_id)):
        return _l("Both have a closing under way: give up one of them first.")
    return None


feature = Feature(
    name="closing",
    blueprint=blueprint,
    navigation=(
        NavItem(_l("Help with closing"), "closing.index", Permission.VIEW, "box-arrow-right", "dues", 57),
    ),
    grants={
        Permission.VIEW: OFFICE,
        Permission.WORK: (Role.SPECIALIST, Role.ENFORCEMENT_OFFICER, *LEADERS),
        Permission.APPROVE: LEADERS,
    },
    workflows=(CLOSING, SEALING),
    guards=(GuardFor("lifecycle", "close", may_be_closed),),
    employer_fields=kept_for(Permission.VIEW, FIELDS),
    kpis=KPIS,
    options=OPTIONS,
    panels=(
        Panel(
            "closing", _l("Closing"), "lifecycle/closing/_panel.html", _panel, Permission.VIEW, 54, later=True
        ),
    ),
    record_kinds=(
        RecordKind(
            "closing",
            _l("Closing of the account"),
            Closing,
            visible_to,
            view=Permission.VIEW,
            attach=Permission.WORK,
            remove=Permission.WORK,
            employer_id=lambda closing: closing.employer_id,
            title=lambda closing: closing.employer.name,
            endpoint="closing.show",
        ),
    ),
    movers=(
        Mover(Closing.__tablename__, _l("Closings"), anchor="closing", obstacle=_no_two),
        Mover(Sealing.__tablename__, _l("Central sealings"), anchor="closing"),
        Mover(Placement.__tablename__, _l("Where employees' accounts went"), anchor="closing"),
    ),
    matters=(
        Matter(
            "closings",
            _l("Closings"),
            Closing,
            Employer.owner_id,
            lambda: queries.standing,
            Employer.name,
            Closing.employer_id,
            along=True,
            endpoint="closing.show",
        ),
    ),
    schedule=(DailyAt("05:50", help_to_close),),
    timeline_kinds=(TimelineKind(KIND, _l("Closing"), "box-arrow-right", Permission.VIEW),),
    demo=demo.load,
)
