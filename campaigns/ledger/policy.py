"""What the department may set about sending: hours, caps, and when a campaign is stopped by itself."""

from flask_babel import lazy_gettext as _l

from app.core.options import Option
from campaigns.drafting.frequency.policy import CONTACT_DAY, CONTACT_WEEK, EMPLOYER_WEEK
from campaigns.drafting.times.policy import HOURS

FAILURE_PERCENT = Option(
    "campaigns.failure_percent",
    _l("A campaign is paused when more than this share is not delivered"),
    usual=40,
    low=1,
    high=100,
    unit="%",
)
FAILURE_LEAST = Option(
    "campaigns.failure_least",
    _l("That share counts once so many messages have an outcome"),
    usual=50,
    low=10,
    high=10_000,
    unit=_l("messages"),
)

OPTIONS = (
    *(option for pair in HOURS.values() for option in pair),
    CONTACT_DAY,
    CONTACT_WEEK,
    EMPLOYER_WEEK,
    FAILURE_PERCENT,
    FAILURE_LEAST,
)
