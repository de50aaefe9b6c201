"""Who works on arrears, what the department sets for itself, and which way a case goes."""

from collections.abc import Sequence

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, func, select

from app.contributions.arrears.models import ArrearsCase, CaseState
from app.core.code_tables import above, codes
from app.core.options import Option
from app.core.permissions import Actor, Grantable
from app.employers.models import Employer
from app.employers.policy import visible_to as employer_visible_to
from app.lifecycle.policy import GONE

REASONS = "arrears_reason"
#: the kind of record that files hang on, and that escalations come from
RECORD = "arrears_case"
#: families of reasons that the product acts upon; a department adds its own codes below them
DIFFICULTY, NOT_OPERATING = "10", "20"


class Permission(Grantable):
    VIEW = "arrears:view", _l("See who is in arrears, why, and what was promised")
    WORK = "arrears:work", _l("Record reasons and promises, and urge, in arrears cases")


#: states of a case that is still being worked on
OPEN_STATES: Sequence[CaseState] = (
    CaseState.OPENED,
    CaseState.CONTACTED,
    CaseState.PROMISED,
    CaseState.BROKEN,
    CaseState.URGED,
    CaseState.RELIEF_SOUGHT,
    CaseState.CLOSING,
)
ENDED = frozenset({CaseState.SETTLED, CaseState.RELIEVED, CaseState.CLOSED, CaseState.WITHDRAWN})

_DAYS = _l("days before the due day")
REPEATER_CASES = Option(
    "arrears.repeater_cases", _l("A repeater was in arrears within a year"), usual=2, low=1, high=12,
    unit=_l("times"), help=_l("Repeaters are reminded early, before they are late again."),
)  # fmt: skip
EARLY_DAYS = Option(
    "arrears.early_days", _l("Remind repeaters"), usual=3, low=0, high=20, unit=_DAYS,
)  # fmt: skip
PREVENTIVE_DAYS = Option(
    "arrears.preventive_days", _l("Remind those once in arrears, and new employers"), usual=7, low=0, high=25,
    unit=_DAYS, help=_l("How long one counts as new is a setting of its own."),
)  # fmt: skip
_WORKING = _l("working days")
AGREE_DAYS = Option("arrears.agree_days", _l("Agree on a day of payment within"), 5, 1, 30, _WORKING)
BROKEN_DAYS = Option("arrears.broken_days", _l("Ask after a broken promise within"), 2, 1, 30, _WORKING)
URGED_DAYS = Option("arrears.urged_days", _l("See whether a letter helped within"), 10, 1, 60, _WORKING)
FOLLOW_DAYS = Option("arrears.follow_days", _l("Follow up relief or closing within"), 20, 1, 90, _WORKING)
OPTIONS = (AGREE_DAYS, BROKEN_DAYS, URGED_DAYS, FOLLOW_DAYS, REPEATER_CASES, EARLY_DAYS, PREVENTIVE_DAYS)


def visible_to(actor: Actor | None) -> ColumnElement[bool]:
    """The cases of the employers in the actor's reach."""
    return ArrearsCase.employer_id.in_(select(Employer.id).where(employer_visible_to(actor)))


def of_family(reason: str | None, family: str) -> bool:
    """Whether the code of a reason is the family's, or stands below it."""
    return reason is not None and (reason == family or family in above(codes(REASONS), reason))


def to_be_closed(employer: Employer, reason: str | None) -> bool:
    """Whether the account is to be closed rather than paid: the firm is gone, or says that it stopped."""
    return employer.operating_status in GONE or of_family(reason, NOT_OPERATING)


def is_to_be_closed() -> ColumnElement[bool]:
    """The same of employers and the reasons of their cases, both in the query."""
    stopped = [code for code in codes(REASONS) if of_family(code, NOT_OPERATING)]
    return func.coalesce(Employer.operating_status, "").in_(GONE) | (
        func.coalesce(ArrearsCase.reason, "").in_(stopped)
    )
