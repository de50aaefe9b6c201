"""The manifest of escalation."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm

from app.core.features import Feature, NavItem, Panel, TimelineKind
from app.core.files.attachable import RecordKind
from app.core.handing_over import Matter
from app.core.jobs import DailyAt
from app.core.links import url_if
from app.core.listing.parts import BulkAction
from app.core.merging.moving import Mover
from app.core.permissions import LEADERS, OFFICE, Actor, Role, may
from app.core.workflow.engine import available
from app.employers.models import Employer
from app.employers.queries import employer_name
from app.lifecycle.escalation import demo, queries, services
from app.lifecycle.escalation.forms import ReasonForm
from app.lifecycle.escalation.jobs import mind_escalations
from app.lifecycle.escalation.lists import days_left
from app.lifecycle.escalation.models import BREACH_LABELS, OUTCOME_LABELS, Escalation
from app.lifecycle.escalation.policy import OPTIONS, Permission, visible_to
from app.lifecycle.escalation.skipping.workflow import SKIP
from app.lifecycle.escalation.views import blueprint
from app.lifecycle.escalation.workflow import ESCALATION, OPEN


def load_panel(employer: Employer, actor: Actor) -> dict[str, Any]:
    """The open escalation with its steps, or the last one, and whether one may begin."""
    one = queries.latest(employer.id)
    open_ = one is not None and one.ended_on is None
    return {
        "one": one,
        "machine": ESCALATION,
        "options": available(ESCALATION, one, actor) if one is not None and open_ else (),
        "may_begin": not open_ and may(actor, Permission.WORK) and bool(queries.offers(employer)),
        "breaches": BREACH_LABELS,
        "outcomes": OUTCOME_LABELS,
        "days_left": days_left,
    }


def _begin(employer: Employer, actor: Actor, form: FlaskForm) -> None:
    services.begin(employer, actor, form.reason.data or "")


BEGIN = BulkAction(
    "escalate",
    _l("Begin an escalation"),
    Permission.WORK,
    act=_begin,
    form=ReasonForm,
    icon="ladder",
    tone="secondary",
)


def _no_two(kept_id: int, merged_id: int) -> Any:
    """Of one employer one escalation is open at a time."""
    if queries.standing(kept_id) and queries.standing(merged_id):
        return _l("Both are being escalated: stop one of the escalations first.")
    return None


feature = Feature(
    name="escalation",
    blueprint=blueprint,
    navigation=(NavItem(_l("Escalations"), "escalation.index", Permission.VIEW, "ladder", "dues", 57),),
    grants={
        Permission.VIEW: OFFICE,
        Permission.WORK: (Role.SPECIALIST, Role.ENFORCEMENT_OFFICER, *LEADERS),
        Permission.ORDER: (Role.ENFORCEMENT_OFFICER,),
        Permission.CONSENT: LEADERS,
        Permission.APPROVE: (Role.BRANCH_HEAD,),
    },
    matters=(
        Matter(
            "escalations", _l("Escalations"), Escalation, Escalation.holder_id,
            lambda: Escalation.ended_on.is_(None), employer_name(Escalation.employer_id),
            Escalation.employer_id, endpoint="escalation.show",
            listed=lambda user_id: url_if("escalation.index", **{"holder.in": user_id, "state.in": OPEN}),
        ),
    ),
    workflows=(ESCALATION, SKIP),
    employer_actions=(BEGIN,),
    panels=(
        Panel(
            "escalation", _l("Escalation"), "lifecycle/escalation/_panel.html", load_panel, Permission.VIEW,
            53, later=True,
        ),
    ),
    record_kinds=(
        RecordKind(
            "escalation",
            _l("Escalation"),
            Escalation,
            visible_to,
            view=Permission.VIEW,
            attach=Permission.WORK,
            remove=Permission.WORK,
            employer_id=lambda one: one.employer_id,
            title=lambda one: one.employer.name,
            endpoint="escalation.show",
        ),
    ),
    movers=(
        Mover("escalations", _l("Escalations"), anchor="escalation", obstacle=_no_two),
        Mover(
            "escalations", _l("Escalations"), "matter_id", stays=_l("Each keeps the matter that it pursues."),
        ),
        Mover(
            "escalation_evidence", _l("Evidence of escalations"), "record_id",
            stays=_l("It tells what proved a step then."),
        ),
    ),
    options=OPTIONS,
    schedule=(DailyAt("06:20", mind_escalations),),
    timeline_kinds=(TimelineKind("escalation", _l("Escalation"), "ladder", Permission.VIEW),),
    demo=demo.load,
)  # fmt: skip
