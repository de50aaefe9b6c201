"""The manifest of relief: the register of decisions with its clocks, and the card on the employer's page."""

from flask_babel import lazy_gettext as _l

from app.core.criteria.fields import kept_for
from app.core.features import Feature, GuardFor, NavItem, Panel, TimelineKind
from app.core.files.attachable import RecordKind
from app.core.handing_over import Matter
from app.core.jobs import DailyAt
from app.core.merging.moving import Mover
from app.core.permissions import LEADERS, OFFICE, Role
from app.core.rules.deferring import Deferments
from app.employers.models import Employer
from app.relief.forms import RELIEF
from app.relief.jobs import every_morning
from app.relief.lists import EMPLOYER_FIELDS
from app.relief.models import KIND_LABELS, ReliefDecision
from app.relief.policy import OPTIONS, PLAN_BREAKS, Permission, visible_to
from app.relief.queries import (
    agreed_plans,
    approved_terms,
    decisions_on,
    has_made_up,
    plan_marks,
    still_to_come,
)
from app.relief.views import bp
from app.relief.workflow import RELIEF_TERM

feature = Feature(
    name="relief",
    blueprint=bp,
    grants={
        Permission.VIEW: OFFICE,
        Permission.IMPORT: (Role.SPECIALIST, *LEADERS),
        Permission.APPLY: (Role.SPECIALIST, *LEADERS),
        Permission.REVIEW: LEADERS,
        Permission.APPROVE: LEADERS,
    },
    navigation=(
        NavItem(
            _l("Register of relief"), "relief_register.index", Permission.VIEW, "journal-text", "relief", 61
        ),
    ),
    import_specs=(RELIEF,),
    workflows=(RELIEF_TERM,),
    guards=(GuardFor("lifecycle", "close", has_made_up),),
    schedule=(DailyAt("05:40", every_morning),),
    options=OPTIONS,
    deferments=Deferments(approved_terms, agreed_plans, plan_marks, PLAN_BREAKS.value),
    employer_fields=kept_for(Permission.VIEW, EMPLOYER_FIELDS),
    panels=(
        Panel(
            "relief",
            _l("Relief"),
            "relief/panel.html",
            # only who has an account can have been granted any
            lambda employer, _actor: {
                "decisions": decisions_on(employer.id) if employer.employer_account_no else (),
                "kinds": KIND_LABELS,
                "relief_workflow": RELIEF_TERM,
            },
            Permission.VIEW,
            55,
            later=True,
        ),
    ),
    record_kinds=(
        RecordKind(
            "relief",
            _l("Decision on relief"),
            ReliefDecision,
            visible_to,
            view=Permission.VIEW,
            attach=Permission.APPLY,
            remove=Permission.APPLY,
            employer_id=lambda decision: decision.employer_id,
            title=lambda decision: f"{KIND_LABELS[decision.kind]} · {decision.employer.name}",
            endpoint="relief_register.show",
        ),
    ),
    timeline_kinds=(TimelineKind("relief", _l("Relief"), "umbrella", Permission.VIEW),),
    matters=(
        Matter(
            "relief_terms",
            _l("Relief in force or to be settled"),
            ReliefDecision,
            Employer.owner_id,
            still_to_come,
            Employer.name,
            ReliefDecision.employer_id,
            along=True,
            endpoint="relief_register.show",
        ),
    ),
    movers=(
        Mover(
            "relief_decisions",
            _l("Decisions on relief"),
            distinct=("kind", "from_month"),
            anchor="relief",
        ),
    ),
)
