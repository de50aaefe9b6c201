"""The manifest of contributions: the statement's import, and the panel on the employer's page."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.contributions import demo
from app.contributions.forms import STATEMENT
from app.contributions.models import ContributionFact
from app.contributions.policy import OPTIONS, Permission
from app.contributions.queries import corrected, facts_in_force, statement_as_evidence
from app.contributions.terms.queries import unpaid_of
from app.core.escalating import EvidenceKind, Step
from app.core.features import Feature, Panel
from app.core.merging.moving import Mover
from app.core.permissions import LEADERS, OFFICE, Actor, Role
from app.core.web.charts import Chart, Point, Series, bar_chart, line_chart
from app.employers.models import ACCOUNT_STATUS_LABELS, Employer


def load_panel(employer: Employer, _actor: Actor) -> Mapping[str, Any]:
    """Two years of statements: a table, and the trend of heads."""
    facts = facts_in_force(employer.id)
    return {
        "facts": facts,
        "versions": corrected(employer.id, facts),
        "statuses": ACCOUNT_STATUS_LABELS,
        "chart": _heads(employer, list(reversed(facts))) if len(facts) > 1 else None,
    }


def load_profile(employer: Employer, _actor: Actor) -> Mapping[str, Any]:
    """How the employer has grown, and how far behind it was in each month."""
    facts = list(reversed(facts_in_force(employer.id)))
    return {
        "facts": facts,
        "heads": _heads(employer, facts, sealed=True) if len(facts) > 1 else None,
        "behind": _behind(facts) if any(fact.arrears_months for fact in facts) else None,
    }


def _heads(employer: Employer, facts: list[ContributionFact], *, sealed: bool = False) -> Chart:
    """Heads over the months, oldest first; with `sealed` also the sealed accounts."""
    series = [Series(_("Employees"), [Point(fact.heads) for fact in facts])]
    if sealed:
        series.append(Series(_("Sealed employees"), [Point(fact.sealed_heads) for fact in facts]))
    title = _("Contributing employees of %(name)s", name=employer.name)
    return line_chart(title, _month_labels(facts), series, height=200)


def _behind(facts: list[ContributionFact]) -> Chart:
    """Months unpaid as of each statement."""
    points = [Point(fact.arrears_months) for fact in facts]
    title = _("Months in arrears at each statement")
    return bar_chart(title, _month_labels(facts), [Series(_("Months in arrears"), points)], height=180)


def _month_labels(facts: list[ContributionFact]) -> list[str]:
    """Every third month is named, as two years of names do not fit."""
    return [
        f"{fact.period.year}-{fact.period.month:02d}" if number % 3 == 0 else ""
        for number, fact in enumerate(facts)
    ]


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
    profile_panels=(
        Panel(
            "trend",
            _l("Trend"),
            "contributions/profile.html",
            load_profile,
            Permission.VIEW,
            order=50,
        ),
    ),
    movers=(
        Mover("contribution_facts", _l("Monthly statements"), distinct=("period",), anchor="contributions"),
    ),
    evidence=(EvidenceKind("statement", _l("Monthly statement"), frozenset(Step), statement_as_evidence),),
    options=OPTIONS,
    unpaid=unpaid_of,
    demo=demo.load,
)
