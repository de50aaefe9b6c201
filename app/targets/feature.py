"""The manifest of targets, with the department's headline figures (domain rule E2)."""

from flask_babel import lazy_gettext as _l

from app.core.criteria.trees import Tree, rule
from app.core.features import Feature, Kpi, NavItem
from app.core.handing_over import Kept
from app.core.periods import Period
from app.core.permissions import LEADERS, OFFICE
from app.lifecycle.policy import in_good_standing, should_contribute
from app.targets import demo
from app.targets.policy import Permission
from app.targets.views import blueprint

OPEN_STAGES = ["registered", "enrolled", "contributing", "in_arrears", "on_relief", "sealed", "closing"]


def new_employers(period: Period) -> Tree:
    """新开户单位: accounts opened in the month."""
    return _all(rule("account_opened_on", "between", _days(period)))


def newly_signed(period: Period) -> Tree:
    """网缴签约: employers that signed for online contribution in the month."""
    return _all(rule("online_signed_on", "between", _days(period)))


def established(_period: Period) -> Tree:
    """建立单位: accounts opened and not closed."""
    return _all(rule("stage", "in", OPEN_STAGES))


def signed(_period: Period) -> Tree:
    return _all(rule("stage", "in", OPEN_STAGES), rule("online_signed_on", "not_empty"))


def _all(*rules: Tree) -> Tree:
    return {"match": "all", "rules": list(rules)}


def _days(period: Period) -> list[str]:
    return [period.first_day.isoformat(), period.last_day.isoformat()]


feature = Feature(
    name="targets",
    kept=(Kept("targets.user_id", _l("A target was set for one person and period.")),),
    blueprint=blueprint,
    navigation=(NavItem(_l("Dashboard"), "targets.show", Permission.VIEW, "speedometer2", "insight", 10),),
    grants={Permission.VIEW: OFFICE, Permission.SET: LEADERS},
    kpis=(
        Kpi("new_employers", _l("New employers"), new_employers, order=10),
        Kpi("newly_signed", _l("Online enrolments"), newly_signed, order=20),
        Kpi("online_rate", _l("Online enrolment rate"), signed, established, order=30),
        Kpi("good_standing", _l("In good standing"), in_good_standing, should_contribute, order=40),
    ),
    demo=demo.load,
)
