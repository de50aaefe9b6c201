"""The manifest of contribution plans."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.core.features import Feature, Panel, TimelineKind
from app.core.files.attachable import RecordKind
from app.core.merging.moving import Mover
from app.core.rules import rates
from app.core.sendable import Sendable
from app.outreach.plans import demo
from app.outreach.plans.models import ContributionPlan
from app.outreach.plans.policy import visible_to
from app.outreach.plans.queries import plans_of, values_of
from app.outreach.plans.services import KIND
from app.outreach.plans.views import blueprint
from app.outreach.policy import Permission

feature = Feature(
    name="plans",
    blueprint=blueprint,
    demo=demo.load,
    options=rates.OPTIONS,
    panels=(
        Panel(
            "plans",
            _l("Contribution plans"),
            "outreach/plans/_panel.html",
            lambda employer, _actor: {"plans": plans_of(employer.id)},
            Permission.VIEW,
            22,
            later=True,
        ),
    ),
    record_kinds=(
        RecordKind(
            "contribution_plan",
            _l("Contribution plan"),
            ContributionPlan,
            visible_to,
            view=Permission.VIEW,
            attach=Permission.LOG,
            remove=Permission.LOG,
            employer_id=lambda plan: plan.employer_id,
            title=lambda plan: plan.employer.name,
            endpoint="plans.show",
        ),
    ),
    sendables=(
        Sendable(
            "contribution_plan",
            "contribution_plan",
            lambda plan: _(
                "Contribution plan %(number)s of %(employer)s",
                number=plan.number,
                employer=plan.employer.name,
            ),
            values_of,
        ),
    ),
    timeline_kinds=(TimelineKind(KIND, _l("Contribution plan"), "calculator", Permission.VIEW),),
    # each keeps its number: the plans of the merged record would have the same ones
    movers=(
        Mover(ContributionPlan.__tablename__, _l("Contribution plans"), distinct=("number",), anchor="plans"),
    ),
)
