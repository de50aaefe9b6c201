"""The manifest of the yearly adjustment of bases."""

from typing import Any

from flask_babel import lazy_gettext as _l

from app.contributions.adjustment import demo, queries
from app.contributions.adjustment.forms import SUBMITTED
from app.contributions.adjustment.jobs import keep_up
from app.contributions.adjustment.lists import FIELDS
from app.contributions.adjustment.models import Adjustment
from app.contributions.adjustment.policy import OPTIONS, Permission, bounds_of, visible_to
from app.contributions.adjustment.views import bp
from app.contributions.adjustment.workflow import ADJUSTMENT
from app.core.criteria.fields import kept_for
from app.core.criteria.trees import Tree, rule
from app.core.features import Feature, Kpi, NavItem, Panel, TimelineKind
from app.core.files.attachable import RecordKind
from app.core.handing_over import Matter
from app.core.jobs import DailyAt
from app.core.merging.moving import Mover
from app.core.permissions import LEADERS, OFFICE, Actor, Role
from app.core.workflow.engine import available
from app.employers.models import Employer


def _panel(employer: Employer, actor: Actor) -> dict[str, Any]:
    row = queries.row_of(employer.id)
    return {
        "row": row,
        "bounds": bounds_of(row.drive.year) if row else None,
        "options": available(ADJUSTMENT, row, actor) if row else (),
        "adjustment_workflow": ADJUSTMENT,
    }


def _in_drive(*more: Tree) -> Tree:
    return {"match": "all", "rules": [rule("base_adjustment", "not_empty"), *more]}


HANDED_IN = [state.value for state in queries.HANDED_IN]
KPIS = (
    Kpi(
        "base_adjustment",
        _l("Bases submitted for adjustment"),
        lambda _period: _in_drive(rule("base_adjustment", "in", HANDED_IN)),
        lambda _period: _in_drive(),
        order=95,
    ),
)

feature = Feature(
    name="adjustment",
    blueprint=bp,
    navigation=(
        NavItem(_l("Adjustment of bases"), "adjustment.index", Permission.VIEW, "sliders", "dues", 58),
    ),
    grants={
        Permission.VIEW: OFFICE,
        Permission.WORK: (Role.SPECIALIST, *LEADERS),
        Permission.OPEN: (Role.MANAGER,),
    },
    workflows=(ADJUSTMENT,),
    import_specs=(SUBMITTED,),
    employer_fields=kept_for(Permission.VIEW, FIELDS),
    kpis=KPIS,
    options=OPTIONS,
    panels=(
        Panel(
            "adjustment", _l("Adjustment of bases"), "adjustment/panel.html", _panel, Permission.VIEW, 53,
            later=True,
        ),
    ),
    record_kinds=(
        RecordKind(
            "adjustment",
            _l("Adjustment of bases"),
            Adjustment,
            visible_to,
            view=Permission.VIEW,
            attach=Permission.WORK,
            remove=Permission.WORK,
            employer_id=lambda row: row.employer_id,
            title=lambda row: f"{row.employer.name} {row.drive.year}",
            endpoint="adjustment.show",
        ),
    ),
    movers=(
        Mover(
            Adjustment.__tablename__, _l("Adjustments of bases"), distinct=("drive_id",), anchor="adjustment"
        ),
    ),
    matters=(
        Matter(
            "adjustments", _l("Adjustments of bases"), Adjustment, Employer.owner_id,
            queries.unfinished, Employer.name, Adjustment.employer_id, along=True,
            endpoint="adjustment.show",
        ),
    ),
    schedule=(DailyAt("05:55", keep_up),),
    timeline_kinds=(TimelineKind("adjustment", _l("Adjustment of bases"), "sliders", Permission.VIEW),),
    demo=demo.load,
)  # fmt: skip
