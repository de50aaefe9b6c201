"""Whom to remind of a month, and how long before it is due."""

from enum import StrEnum

from flask_babel import lazy_gettext as _l

from app.core.language.i18n import msgid
from app.core.options import Option


class Speed(StrEnum):
    #: it is behind, and on this day another month is overdue
    SAME_DAY = "same_day"
    #: it pays now, and was behind several times within a year
    EARLY = "early"
    #: it pays now, and was behind once within a year, or is new
    PREVENTIVE = "preventive"


#: the speeds that come before the day
AHEAD = (Speed.EARLY, Speed.PREVENTIVE)
TITLES = {
    Speed.SAME_DAY: msgid("%(month)s is overdue as well: urge today"),
    Speed.EARLY: msgid("Often late: remind of %(month)s, due on %(day)s"),
    Speed.PREVENTIVE: msgid("Remind of %(month)s, due on %(day)s, so that it is paid in time"),
}
#: what came of a reminder that a statement closed
PAID = msgid("A statement shows the month as paid")
#: what came of one whose employer is helped to close instead
NOT_OPERATING = msgid("It does not operate any more: it is helped to close its account instead")
#: the kind of the tasks
REMINDER = "dues_reminder"
CATCH_UP_DAYS = Option(
    "arrears.catch_up_days", _l("A reminder of the same day is still made within"), 5, 1, 30, _l("days"),
    _l("Should the schedule have rested, or days off lie between."),
)  # fmt: skip
NEW_MONTHS = Option(
    "arrears.new_months", _l("An employer counts as new to the fund for"), 3, 1, 24, _l("months")
)
OPTIONS = (CATCH_UP_DAYS, NEW_MONTHS)
