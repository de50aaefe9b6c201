"""The manifest of contributions: the statement's import, and the panel on the employer's page."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.contributions import demo
from app.contributions.forms import STATEMENT
from app.contributions.models import ContributionFact
from app.contributions.policy import Permission
from app.contributions.queries import facts_in_force
from app.core.charts import Chart, Point, Series, line_chart
from app.core.features import Feature, Panel
from app.core.moving import Mover
from app.core.permissions import LEADERS, OFFICE, Actor, Role
from app.employers.models import ACCOUNT_STATUS_LABELS, Employer


def load_panel(employer: Employer, _actor: Actor) -> Mapping[str, Any]:
    """Two years of statements: a table, and the trend of heads."""
    facts = facts_in_force(employer.id)
    return {
        "facts": facts,
        "statuses": ACCOUNT_STATUS_LABELS,
        "chart": _heads(employer, list(reversed(facts))) if len(facts) > 1 else None,
    }


def _heads(employer: Employer, facts: list[ContributionFact]) -> Chart:
    """Heads over the months; every third month is named, as two years of names do not fit."""
    labels = [
        f"{fact.period.year}-{fact.period.month:02d}" if number % 3 == 0 else ""
        for number, fact in enumerate(facts)
    ]
    title = _("Contributing employees of %(name)s", name=employer.name)
    return line_chart(
        title, labels, [Series(_("Employees"), [Point(fact.heads) for fact in facts])], height=200
    )


feature = Feature(
    name="contributions",
    grants={Permission.VIEW: OFFICE, Permission.IMPORT: (Role.SPECIALIST, *LEADERS)},
    import_specs=(STATEMENT,),
    panels=(
        Panel(
            "contributions",
            _l("Contributions"),
            "contributions/panel.html",
            load_panel,
            Permission.VIEW,
            order=50,
        ),
    ),
    movers=(
        Mover("contribution_facts", _l("Monthly statements"), distinct=("period",), anchor="contributions"),
    ),
    demo=demo.load,
)
