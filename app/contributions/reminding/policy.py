"""Whom to remind of a month, and how long before it is due."""

from enum import StrEnum

from app.core.i18n import msgid


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
#: the kind of the tasks
REMINDER = "dues_reminder"
#: for how many days a reminder of the same day is still made, should the schedule have rested
CATCH_UP_DAYS = 5
#: months with the fund within which an employer counts as new
NEW_MONTHS = 3
