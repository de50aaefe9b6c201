"""When messages may go out: one reckoning of the open hours, for spreading, for forecasts, for sending."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple

from flask_babel import lazy_gettext as _l

from app.core.clock import SHANGHAI, local
from app.core.options import Option
from campaigns.drafting.content.policy import MESSAGE_CLASS_LABELS
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

#: How many days ahead is looked for an open hour.
HORIZON = 400

NOTHING = timedelta(0)

SHUT = _l("Messages of this kind may not go out at any hour of this window: choose other times.")


class Terms(NamedTuple):
    """When a campaign may send: not before `send_from`, within the hours of its class, on its days.

    Up to `send_until`, if any, its messages are spread evenly over the open hours.
    """

    message_class: MessageClass
    working_days_only: bool = False
    send_from: datetime | None = None
    send_until: datetime | None = None


Worked = Callable[[date], bool]
#: from when until when messages may go out without a break
Span = tuple[datetime, datetime]


def may_send(terms: Terms, moment: datetime, worked: Worked) -> bool:
    """Whether messages of these terms may go out at this moment; `worked` knows the working days."""
    if terms.send_from is not None and moment < terms.send_from:
        return False
    here = local(moment)
    opens, closes = (option.value(here.date()) for option in HOURS[terms.message_class])
    return opens <= here.hour < closes and (not terms.working_days_only or worked(here.date()))


def open_spans(terms: Terms, moment: datetime, worked: Worked) -> Iterator[Span]:
    """The open hours from this moment on, one span a day."""
    start = max(moment, terms.send_from or moment)
    first = local(start).date()
    for number in range(HORIZON):
        opens, closes = _day(terms, first + timedelta(days=number), worked)
        if max(opens, start) < closes:
            yield max(opens, start), closes


def _day(terms: Terms, day: date, worked: Worked) -> Span:
    """The hours of one day; an empty span on a day that is not worked."""
    opens, closes = (option.value(day) for option in HOURS[terms.message_class])
    midnight = datetime.combine(day, time.min, SHANGHAI)
    if terms.working_days_only and not worked(day):
        return midnight, midnight
    return midnight + timedelta(hours=opens), midnight + timedelta(hours=max(opens, closes))


def _window(terms: Terms, moment: datetime, worked: Worked) -> list[Span]:
    """The open hours up to the end of the window; none where it has no end, or never opens before it."""
    until = terms.send_until
    if until is None:
        return []
    found = []
    for opens, closes in open_spans(terms, moment, worked):
        if opens >= until:
            break
        found.append((opens, min(closes, until)))
    return found


def opens(terms: Terms, moment: datetime, worked: Worked) -> bool:
    """Whether anything could go out within the window, where there is one."""
    return terms.send_until is None or bool(_window(terms, moment, worked))


def spread_over(terms: Terms, moment: datetime, count: int, worked: Worked) -> list[datetime]:
    """So many moments, evenly over the open hours of the window.

    Where it has none, all at its beginning: they go out as soon as an hour opens.
    """
    spans = _window(terms, moment, worked)
    whole = sum((closes - opens for opens, closes in spans), NOTHING)
    start = max(moment, terms.send_from or moment)
    return [_after(spans, whole * number / count, start) for number in range(count)]


def _after(spans: list[Span], spent: timedelta, start: datetime) -> datetime:
    """The moment at which so much of the open time has gone by."""
    for opens, closes in spans:
        if spent < closes - opens:
            return opens + spent
        spent -= closes - opens
    return start


def forecast(
    terms: Terms, messages: int, per_second: float, moment: datetime, worked: Worked
) -> datetime | None:
    """When the last of so many messages will have been handed over; None where that is never.

    The pace is the accounts' own; messages that are spread take at least the open hours of their window.
    """
    if per_second <= 0:
        return None
    window = sum((closes - opens for opens, closes in _window(terms, moment, worked)), NOTHING)
    left = max(timedelta(seconds=messages / per_second), window)
    for opens, closes in open_spans(terms, moment, worked):
        if left <= closes - opens:
            return opens + left
        left -= closes - opens
    return None
