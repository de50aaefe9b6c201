"""How steps are named, how many there are, and what an author is offered to begin with."""

from flask_babel import lazy_gettext as _l

from app.core.options import Option
from campaigns.drafting.models import StepCondition, StepKind

#: As many steps as the page asks for.
MOST = 4

KIND_LABELS = {
    StepKind.NEXT_CONTACT: _l("Write to the next contact"),
    StepKind.LETTER: _l("Send a letter"),
    StepKind.CALL: _l("A task to call"),
    StepKind.VISIT: _l("A task to visit"),
}
CONDITION_LABELS = {
    StepCondition.UNDELIVERED: _l("nothing has arrived"),
    StepCondition.UNANSWERED: _l("nobody has confirmed, asked or replied"),
}

WAIT_DAYS = Option(
    "campaigns.wait_days",
    _l("Working days without an answer before a step of a campaign, as offered to authors"),
    usual=5,
    low=0,
    high=60,
    unit=_l("working days"),
)
LONGEST_WAIT = 60

#: What is offered for the first steps of a campaign that has none.
USUAL = (
    (StepKind.NEXT_CONTACT, StepCondition.UNDELIVERED),
    (StepKind.VISIT, StepCondition.UNANSWERED),
)

#: What the letter of a step says without an author: by the campaign, and by the employer's own handlers.
FILLED_IN = frozenset({"phone", "deadline", "previous_handler", "authorisation", "handler_since"})
