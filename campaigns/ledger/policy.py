"""When messages may go out, how many to one reader, and when the last of a campaign will have gone."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple

from flask_babel import lazy_gettext as _l

from app.core.clock import SHANGHAI, local
from app.core.options import Option
from campaigns.drafting.content.policy import MESSAGE_CLASS_LABELS
from campaigns.drafting.frequency.policy import CONTACT_DAY, CONTACT_WEEK, EMPLOYER_WEEK
from campaigns.drafting.models import MessageClass


def _hour(kind: MessageClass, end: str, label: Any, usual: int, floor: Option | None = None) -> Option:
    return Option(
        f"campaigns.{kind.value}_{end}",
        _l("%(what)s (%(kind)s)", what=label, kind=MESSAGE_CLASS_LABELS[kind]),
        usual=usual,
        low=0,
        high=24,
        unit=_l("o'clock"),
        floor=floor,
    )


def _hours(kind: MessageClass, opens: int, closes: int) -> tuple[Option, Option]:
    begin = _hour(kind, "from", _l("Messages go out from"), opens)
    return begin, _hour(kind, "until", _l("Messages go out until"), closes, begin)


#: Operators carry promotion by day only; a service notice may go out whenever somebody launches it.
_USUAL = {MessageClass.SERVICE: (0, 24), MessageClass.GREETING: (8, 20), MessageClass.PUBLICITY: (8, 20)}

#: The hours of the day from and until which a class goes out; the same hour twice: never.
HOURS: dict[MessageClass, tuple[Option, Option]] = {
    kind: _hours(kind, opens, closes) for kind, (opens, closes) in _USUAL.items()
}

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

#: The furthest that a forecast looks ahead.
HORIZON = 400


class Terms(NamedTuple):
    """When a campaign may send: not before `send_from`, within the hours of its class, on its days."""

    message_class: MessageClass
    working_days_only: bool = False
    send_from: datetime | None = None
    send_until: datetime | None = None


Worked = Callable[[date], bool]


def may_send(terms: Terms, moment: datetime, worked: Worked) -> bool:
    """Whether messages of these terms may go out at this moment; `worked` knows the working days."""
    if terms.send_from is not None and moment < terms.send_from:
        return False
    here = local(moment)
    opens, closes = (option.value(here.date()) for option in HOURS[terms.message_class])
    return opens <= here.hour < closes and (not terms.working_days_only or worked(here.date()))


def forecast(
    terms: Terms, messages: int, per_second: float, moment: datetime, worked: Worked
) -> datetime | None:
    """When the last of so many messages will have been handed over; None where that is never.

    The pace is the accounts' own; a window in which messages are spread lasts at least until its end.
    """
    if per_second <= 0:
        return None
    start = max(moment, terms.send_from or moment)
    left = timedelta(seconds=messages / per_second)
    if terms.send_until is not None:
        left = max(left, terms.send_until - start)
    day = local(start).date()
    for _day in range(HORIZON):
        opens, closes = _span(terms, day, worked)
        begin = max(opens, start)
        if begin < closes:
            if begin + left <= closes:
                return begin + left
            left -= closes - begin
            if terms.send_until is not None:
                # what was due by the end of the window goes out as fast as it can on the next day
                left = timedelta(seconds=messages / per_second) if begin >= terms.send_until else left
        day += timedelta(days=1)
    return None


def _span(terms: Terms, day: date, worked: Worked) -> tuple[datetime, datetime]:
    """The hours of one day; an empty span on a day that is not worked."""
    opens, closes = (option.value(day) for option in HOURS[terms.message_class])
    midnight = datetime.combine(day, time.min, SHANGHAI)
    if terms.working_days_only and not worked(day):
        return midnight, midnight
    return midnight + timedelta(hours=opens), midnight + timedelta(hours=max(opens, closes))
