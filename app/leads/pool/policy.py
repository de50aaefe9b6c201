"""The figures of claiming and giving back."""

from flask_babel import lazy_gettext as _l

from app.core.options import Option

CAPACITY = Option(
    "leads.capacity", _l("Leads of a specialist at most"), usual=40, low=1, high=5000, unit=_l("leads"),
)  # fmt: skip
WARN_DAYS = Option(
    "leads.warn_days", _l("Its owner is warned before that by"), usual=5, low=1, high=60,
    unit=_l("working days"),
)  # fmt: skip
IDLE_DAYS = Option(
    "leads.idle_days", _l("A lead goes back to the pool without contact for"), usual=30, low=2, high=365,
    unit=_l("working days"), floor=WARN_DAYS,
)  # fmt: skip
ROUTE_STOPS = Option(
    "leads.route_stops", _l("Firms of a day of visits at most"), usual=12, low=1, high=60, unit=_l("firms"),
)  # fmt: skip
OPTIONS = (CAPACITY, IDLE_DAYS, WARN_DAYS, ROUTE_STOPS)
MOST = 5000
