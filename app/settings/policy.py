"""Who looks at the department's calendar and law, and who keeps them."""

from flask_babel import lazy_gettext as _l

from app.core.errors import Forbidden
from app.core.permissions import LEADERS, Actor, Grantable, Grants, Role, Scope, may

#: what the figures are about, by the features that ask for them; all others stand at the end
OPTION_GROUPS = (
    (_l("Tasks and the end of the day"), ("tasks",)),
    (_l("Lead ledger"), ("leads",)),
    (_l("Taking on"), ("onboarding",)),
    (_l("Contribution and arrears"), ("contributions", "arrears")),
    (_l("Rates and bases"), ("rates", "adjustment")),
    (_l("Deferment and rate cuts"), ("relief",)),
    (_l("Changes and closing"), ("lifecycle",)),
    (_l("From service to enforcement"), ("escalation",)),
    (_l("SMS, notices and campaigns"), ("campaigns", "notices")),
    (_l("Letters"), ("letters",)),
    (_l("Outcomes and drives"), ("outcomes", "drives")),
)
OTHERS = _l("Other figures")


class Permission(Grantable):
    VIEW = "settings:view", _l("See the calendar, the legal basis, the code tables and the deadlines")
    EDIT = "settings:edit", _l("Keep the calendar, the legal basis and the code tables")
    #: of leaders only those who answer for the whole department (`answers_for_all`)
    FIGURES = (
        "settings:figures",
        _l("Set deadlines and limits, if the whole department is theirs"),
    )


GRANTS: Grants = {
    Permission.VIEW: (
        Role.ENFORCEMENT_OFFICER,
        *LEADERS,
        Role.SYSTEM_ADMIN,
        Role.SECURITY_ADMIN,
        Role.AUDIT_ADMIN,
    ),
    Permission.EDIT: (Role.SYSTEM_ADMIN,),
    Permission.FIGURES: (Role.SYSTEM_ADMIN, *LEADERS),
}


def answers_for_all(actor: Actor) -> bool:
    """Figures hold everywhere: those of one branch are not enough to set them."""
    at_top = actor.branch_path == f"/{actor.branch_id}/" and actor.scope is Scope.BRANCH_AND_BELOW
    return at_top or actor.scope is Scope.ALL or may(actor, Permission.EDIT)


def sets_figures(actor: Actor, permission: Grantable = Permission.FIGURES) -> bool:
    """Whether the actor may set figures; some have a page and a permission of their own."""
    return may(actor, permission) and answers_for_all(actor)


def demand_all(actor: Actor) -> None:
    """Raises Forbidden for whoever does not answer for the whole department."""
    if not answers_for_all(actor):
        raise Forbidden(_l("These hold for the whole department: its head or the administrator sets them."))
