"""The manifest of arrears."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.contributions.arrears import demo
from app.contributions.arrears.cli import group
from app.contributions.arrears.lists import EMPLOYER_FIELDS
from app.contributions.arrears.models import ArrearsCase
from app.contributions.arrears.policy import OPTIONS, REASONS, RECORD, Permission, visible_to
from app.contributions.arrears.pursuing.queries import endings, open_case
from app.contributions.arrears.queries import cases_on, left_with
from app.contributions.arrears.views import bp
from app.contributions.arrears.workflow import ARREARS, objections_to_escalation
from app.contributions.standing.policy import OPTIONS as BUCKETS
from app.contributions.standing.policy import THIRD
from app.core.criteria.trees import Tree, rule
from app.core.escalating import Breach, Origin
from app.core.features import Feature, Kpi, NavItem, Panel, TimelineKind
from app.core.files.attachable import RecordKind
from app.core.handing_over import Matter
from app.core.links import url_if
from app.core.merging.moving import Mover
from app.core.periods import Period
from app.core.permissions import LEADERS, OFFICE, Actor, Role
from app.core.workflow.engine import available
from app.employers.models import Employer
from app.lifecycle.policy import behind, should_contribute


def load_panel(employer: Employer, actor: Actor) -> Mapping[str, Any]:
    """The open case with its steps, or the latest one; only who has an account can be behind."""
    cases = cases_on(employer.id) if employer.employer_account_no else ()
    case = next((one for one in cases if one.closed_on is None), None)
    return {
        "case": case,
        "latest": cases[0] if cases else None,
        "earlier": len(cases) - 1,
        "options": available(ARREARS, case, actor) if case else (),
        "workflow": ARREARS,
        "reasons": REASONS,
    }


def behind_long(_period: Period) -> Tree:
    return {"match": "all", "rules": [rule("arrears_months", "ge", str(THIRD.value()))]}


KPIS = (
    Kpi("arrears_rate", _l("Arrears rate"), behind, should_contribute, order=50),
    Kpi("long_arrears", _l("Long in arrears"), behind_long, should_contribute, order=60),
)

#: late or short payment, pursued as far as the court
ESCALATING = Origin(
    RECORD,
    _l("Arrears case"),
    Breach.PAY,
    open_case,
    objections_to_escalation,
    endings,
    workflow=ARREARS.name,
    endpoint="arrears.show",
)

feature = Feature(
    name="arrears",
    origins=(ESCALATING,),
    matters=(
        Matter(
            "arrears",
            _l("Arrears cases"),
            ArrearsCase,
            Employer.owner_id,
            lambda: ArrearsCase.closed_on.is_(None),
            Employer.name,
            ArrearsCase.employer_id,
            along=True,
            endpoint="arrears.show",
            listed=lambda user_id: url_if("arrears.index", **{"owner.in": user_id, "months.ge": 1}),
        ),
    ),
    grants={
        Permission.VIEW: OFFICE,
        Permission.WORK: (Role.SPECIALIST, Role.ENFORCEMENT_OFFICER, *LEADERS),
    },
    blueprint=bp,
    navigation=(
        NavItem(_l("Arrears worklist"), "arrears.index", Permission.VIEW, "hourglass-split", "dues", 55),
    ),
    panels=(
        Panel(
            "arrears", _l("Arrears case"), "arrears/panel.html", load_panel, Permission.VIEW, 52, later=True
        ),
    ),
    kpis=KPIS,
    employer_fields=EMPLOYER_FIELDS,
    cli=group,
    workflows=(ARREARS,),
    record_kinds=(
        RecordKind(
            RECORD,
            _l("Arrears case"),
            ArrearsCase,
            visible_to,
            view=Permission.VIEW,
            attach=Permission.WORK,
            remove=Permission.WORK,
            employer_id=lambda case: case.employer_id,
            title=lambda case: f"{_('Arrears case')} · {case.employer.name}",
            endpoint="arrears.show",
        ),
    ),
    timeline_kinds=(TimelineKind("arrears", _l("Arrears case"), "hourglass-split", Permission.VIEW),),
    demo=demo.load,
    movers=(
        Mover(
            "arrears_cases",
            _l("Arrears cases"),
            distinct=("closed_on",),
            anchor="arrears",
            settle=left_with,
        ),
    ),
    options=(*BUCKETS, *OPTIONS),
)
