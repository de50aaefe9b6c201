"""Who looks at the department's calendar and law, and who keeps them."""

from flask_babel import lazy_gettext as _l

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
    #: leaders only if the whole department is theirs (`sets_figures`)
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


def sets_figures(actor: Actor) -> bool:
    """Whether the actor may set figures: they hold everywhere, so the head of one branch is not enough."""
    if not may(actor, Permission.FIGURES):
        return False
    at_top = actor.branch_path == f"/{actor.branch_id}/" and actor.scope is Scope.BRANCH_AND_BELOW
    return at_top or actor.scope is Scope.ALL or may(actor, Permission.EDIT)
