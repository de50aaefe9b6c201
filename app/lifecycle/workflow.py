"""The stage machine: the only place where stages and the ways between them are written down.

Steps of people come first. Steps named `statement_…` have no permission: the monthly statement alone makes
them, with the row as evidence; a person can never set or clear arrears by hand. Those named `relief_…` are
made by a decision on deferment, with the decision as evidence; those named `goes_on_…` follow the giving up
of a closing at once.
"""

from flask import url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.core.finding import the_one
from app.core.permissions import Actor
from app.core.workflow.engine import Ask, Deadline, Move, State, Tone, Transition, Workflow
from app.core.workflow.parts import Act, Nobody
from app.employers.models import Employer
from app.employers.policy import Permission as EmployerPermission
from app.employers.policy import visible_to
from app.lifecycle.conditions.policy import (
    arrears_are_answered_for,
    closed_after_opening,
    has_code,
    has_handler_with_mobile,
    has_no_arrears,
    has_no_balance,
    has_no_employees,
    has_owner,
    is_eligible,
    opened_after_establishment,
    reopened_after_closing,
    signed_after_opening,
    still_exists,
)
from app.lifecycle.policy import ACCOUNT_DAYS, CLOSING_DAYS, LATE_DAYS, Permission

BEFORE_ACCOUNT = ("prospect", "engaged")
WITH_ACCOUNT = ("registered", "enrolled", "contributing", "in_arrears", "on_relief")

DISMISSAL_REASONS = (
    ("no_employees", _l("No employees")),
    ("individual_business", _l("Individual business")),
    ("elsewhere", _l("Contributes elsewhere")),
    ("not_operating", _l("Not operating")),
    ("other", _l("Other")),
)


def _begins_anew(employer: Employer, _move: Move) -> None:
    """The milestones of the account that was closed say nothing of the one that is open now."""
    employer.account_closed_on = employer.account_closing_reason = None
    employer.employee_accounts_on = employer.online_signed_on = employer.first_employee_added_on = None


ACTS = (
    Act("edit", _l("Correct facts and names"), EmployerPermission.EDIT),
    Act("write", _l("Write to its contacts in campaigns")),
)
CLOSED_ACTS: dict[str, str | Nobody] = {
    "edit": Permission.CORRECT_CLOSED,
    "write": Nobody(_l("Its account is closed: there is nothing to write to it about.")),
}
DISMISSED_ACTS = {"write": Nobody(_l("The lead was dismissed: take it up again before you write to it."))}

STATES = (
    State("prospect", _l("Prospect"), Tone.NEUTRAL),
    State("engaged", _l("Engaged"), Tone.ACTIVE),
    State(
        "registered",
        _l("Account opened"),
        Tone.ACTIVE,
        Deadline(_l("Set up the employee accounts"), ACCOUNT_DAYS, calendar=True, since="account_opened_on"),
    ),
    State("enrolled", _l("Online enrolled"), Tone.ACTIVE),
    State("contributing", _l("Contributing"), Tone.GOOD),
    State(
        "in_arrears",
        _l("In arrears"),
        Tone.DANGER,
        Deadline(_l("Ask why the contribution is late"), LATE_DAYS),
    ),
    State("on_relief", _l("On relief"), Tone.WARNING),
    State("sealed", _l("Sealed"), Tone.WARNING),
    State("closing", _l("Closing"), Tone.WARNING, Deadline(_l("Help to close the account"), CLOSING_DAYS)),
    State("closed", _l("Closed"), Tone.DONE, final=True, acts=CLOSED_ACTS),
    State("dismissed", _l("Dismissed"), Tone.DONE, acts=DISMISSED_ACTS),
)

PEOPLES_STEPS = (
    Transition(
        "engage",
        _l("Mark as engaged"),
        ("prospect",),
        "engaged",
        Permission.MOVE,
        guards=(is_eligible, has_owner),
        tone=Tone.ACTIVE,
    ),
    Transition(
        "register",
        _l("Record account opening"),
        ("engaged",),
        "registered",
        Permission.MOVE,
        asks=(Ask("account_opened_on", _l("Account opened on"), "date"),),
        guards=(is_eligible, still_exists, has_code, has_owner, has_handler_with_mobile),
        checks=(opened_after_establishment,),
        tone=Tone.ACTIVE,
    ),
    Transition(
        "enrol",
        _l("Record online signing"),
        ("registered",),
        "enrolled",
        Permission.MOVE,
        asks=(
            Ask("online_signed_on", _l("Online signed on"), "date"),
            Ask("signing_method", _l("How it was signed"), "coded", table="signing_method"),
        ),
        guards=(has_handler_with_mobile,),
        checks=(signed_after_opening,),
        tone=Tone.GOOD,
    ),
    Transition(
        "seal",
        _l("Seal the account"),
        WITH_ACCOUNT,
        "sealed",
        Permission.CLOSE,
        asks=(Ask("reason", _l("Reason")),),
        guards=(has_no_employees,),
        tone=Tone.WARNING,
    ),
    Transition(
        "unseal",
        _l("Unseal the account"),
        ("sealed",),
        "contributing",
        Permission.CLOSE,
        asks=(Ask("reason", _l("Reason")),),
        guards=(has_no_arrears,),
    ),
    Transition(
        "begin_closing",
        _l("Begin closing"),
        (*WITH_ACCOUNT, "sealed"),
        "closing",
        Permission.CLOSE,
        asks=(Ask("account_closing_reason", _l("Why it is closed"), "coded", table="closing_reason"),),
        tone=Tone.WARNING,
    ),
    Transition(
        "stop_closing",
        _l("Give up the closing: the firm goes on"),
        ("closing",),
        "contributing",
        Permission.CLOSE,
        asks=(Ask("reason", _l("Reason")),),
    ),
    Transition(
        "close",
        _l("Close the account"),
        ("closing",),
        "closed",
        Permission.CLOSE,
        asks=(Ask("account_closed_on", _l("Account closed on"), "date"),),
        guards=(arrears_are_answered_for, has_no_balance),
        checks=(closed_after_opening,),
        tone=Tone.DANGER,
    ),
    Transition(
        "reopen_account",
        _l("Reopen the account"),
        ("closed",),
        "registered",
        Permission.CLOSE,
        asks=(Ask("account_opened_on", _l("Account opened on"), "date"), Ask("reason", _l("Reason"))),
        guards=(is_eligible, still_exists, has_code, has_owner, has_handler_with_mobile),
        checks=(reopened_after_closing,),
        effects=(_begins_anew,),
    ),
    Transition(
        "dismiss",
        _l("Dismiss the lead"),
        BEFORE_ACCOUNT,
        "dismissed",
        Permission.DISMISS,
        asks=(Ask("reason", _l("Reason"), "choice", DISMISSAL_REASONS),),
        tone=Tone.DANGER,
    ),
    Transition("reopen", _l("Take the lead up again"), ("dismissed",), "prospect", Permission.DISMISS),
)

#: A closing employer stays closing whatever the statement still shows, until it is sealed or closed.
_NEW_TO_THE_FUND = (*BEFORE_ACCOUNT, "dismissed", "closed")
STATEMENT_STEPS = (
    Transition("statement_registered", _l("Statement: account opened"), _NEW_TO_THE_FUND, "registered", None),
    Transition(
        "statement_contributing",
        _l("Statement: contributing"),
        (*_NEW_TO_THE_FUND, "registered", "enrolled", "in_arrears", "on_relief", "sealed"),
        "contributing",
        None,
    ),
    Transition(
        "statement_in_arrears",
        _l("Statement: in arrears"),
        (*_NEW_TO_THE_FUND, "registered", "enrolled", "contributing", "on_relief", "sealed"),
        "in_arrears",
        None,
    ),
    Transition(
        "statement_on_relief",
        _l("Statement: on relief"),
        (*_NEW_TO_THE_FUND, "registered", "enrolled", "contributing", "in_arrears", "sealed"),
        "on_relief",
        None,
    ),
    Transition(
        "statement_sealed",
        _l("Statement: sealed"),
        (*_NEW_TO_THE_FUND, *WITH_ACCOUNT, "closing"),
        "sealed",
        None,
    ),
    Transition(
        "statement_closed",
        _l("Statement: closed"),
        (*BEFORE_ACCOUNT, "dismissed", *WITH_ACCOUNT, "sealed", "closing"),
        "closed",
        None,
    ),
)

#: An approved deferment makes these steps, with the decision as evidence; statements go on having their say.
RELIEF_STEPS = (
    Transition(
        "relief_begins", _l("Deferment: it begins"), ("contributing", "in_arrears"), "on_relief", None
    ),
    Transition("relief_resumed", _l("Deferment: resumed"), ("on_relief", "in_arrears"), "contributing", None),
    Transition("relief_overdue", _l("Deferment: overdue"), ("on_relief", "contributing"), "in_arrears", None),
)


#: Giving up a closing changes nothing about the account: where it stood before, it stands again.
GOING_ON_STEPS = tuple(
    Transition(f"goes_on_{stage}", label, ("contributing",), stage, None)
    for stage, label in (
        ("registered", _l("Closing given up: account opened")),
        ("enrolled", _l("Closing given up: online enrolled")),
        ("in_arrears", _l("Closing given up: in arrears")),
        ("on_relief", _l("Closing given up: on relief")),
        ("sealed", _l("Closing given up: sealed")),
    )
)


def load(employer_id: int, actor: Actor) -> Employer:
    """The employer, or NotFound when it is out of the actor's reach."""
    query = select(Employer).where(Employer.id == employer_id, visible_to(actor))
    return the_one(query, _l("There is no such employer."))


LIFECYCLE: Workflow[Employer] = Workflow(
    name="lifecycle",
    title=_l("Stage"),
    model=Employer,
    states=STATES,
    transitions=(*PEOPLES_STEPS, *STATEMENT_STEPS, *RELIEF_STEPS, *GOING_ON_STEPS),
    acts=ACTS,
    field="stage",
    since="stage_since",
    kind="stage",
    employer_id=lambda employer: employer.id,
    load=load,
    url=lambda employer: url_for("employers.show", employer_id=employer.id),
)
