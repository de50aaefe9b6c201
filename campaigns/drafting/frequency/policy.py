"""How many messages one number and one employer may get; the sending holds to the same figures."""

from flask_babel import lazy_gettext as _l

from app.core.options import Option

_IN_A_DAY = _l("0: any number. What is over it goes out another day.")
_IN_A_WEEK = _l(
    "0: any number. Whoever has had as many is left out of a campaign; what comes to be over it waits."
)
CONTACT_DAY = Option(
    "campaigns.contact_day", _l("SMS to one number in a day"), 3, 0, 50, _l("messages"), _IN_A_DAY
)
CONTACT_WEEK = Option(
    "campaigns.contact_week", _l("SMS to one number in seven days"), 8, 0, 100, _l("messages"), _IN_A_WEEK
)
EMPLOYER_WEEK = Option(
    "campaigns.employer_week", _l("SMS to one employer in seven days"), 10, 0, 500, _l("messages"), _IN_A_WEEK
)
