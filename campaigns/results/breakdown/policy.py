"""What is counted of a campaign, whatever its channel, and how sure one may be of a share."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from flask_babel import lazy_gettext as _l

from campaigns.channels.sms.text import cost
from campaigns.results.effect.policy import Group, newcombe, wilson

#: campaigns that stand side by side
FEWEST, MOST = 2, 5


class Measure(NamedTuple):
    """A step of the funnel. `of` names the step that its share is taken of."""

    name: str
    label: Any
    of: str | None
    icon: str


MEASURES = (
    Measure("audience", _l("Audience"), None, "people"),
    Measure("sent", _l("Sent"), "audience", "send"),
    Measure("delivered", _l("Delivered"), "sent", "check2-all"),
    Measure("opened", _l("Opened by the reader"), "sent", "envelope-open"),
    Measure("confirmed", _l("Confirmed"), "sent", "check-circle"),
    Measure("replied", _l("Replied or asked for help"), "sent", "chat-dots"),
    Measure("acted", _l("Acted"), "sent", "flag"),
)
#: the same steps in the words of a drive, which calls or visits and so has no notice to open
OF_DRIVES = {
    "audience": _l("Employers in the drive"),
    "sent": _l("Called or visited"),
    "delivered": _l("Spoken to there"),
    "acted": _l("Employers done"),
}


#: and of letters that steps of a campaign issued
OF_FOLLOW_UP = {
    "audience": _l("Letter due"),
    "sent": _l("Letters issued"),
    "opened": _l("Notice page opened"),
    "replied": _l("Asked for help"),
}


@dataclass
class Line:
    """One branch, area or specialist, or the whole: a count for each measure that the channel has.

    `criteria` are the URL arguments of its rows; `units` are segments or letters that were paid for.
    """

    label: str
    criteria: dict[str, Any] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    units: int = 0
    depth: int = 0

    def add(self, counts: dict[str, int], units: int) -> None:
        for name, number in counts.items():
            self.counts[name] = self.counts.get(name, 0) + number
        self.units += units

    def group(self, measure: Measure) -> Group | None:
        """The measure among those of whom its share is taken; None where the channel has no such thing."""
        if measure.of is None or measure.name not in self.counts:
            return None
        return Group(self.counts[measure.name], self.counts.get(measure.of, 0))

    def cost(self, price: Decimal | None) -> Decimal | None:
        """Yuan; None where nothing is paid for each."""
        return None if price is None else cost(self.units, price)


class Share(NamedTuple):
    """A share with its bounds (95 of 100), and what may be said of it beside the first one.

    verdict: first, small (too few to say anything), more, less, or open (may be chance).
    """

    group: Group
    low: float
    high: float
    verdict: str


VERDICTS = {
    "small": (_l("Too few to compare"), "neutral"),
    "more": (_l("More than the first"), "good"),
    "less": (_l("Less than the first"), "warning"),
    "open": (_l("No difference can be told"), "neutral"),
}


def share(group: Group, first: Group | None, least: int) -> Share:
    """A share beside that of the first campaign; None: this is the first."""
    low, high = wilson(group)
    if first is None:
        verdict = "first"
    elif min(group.people, first.people) < least:
        verdict = "small"
    else:
        under, over = newcombe(group, first)
        verdict = "more" if under > 0 else "less" if over < 0 else "open"
    return Share(group, low, high, verdict)
