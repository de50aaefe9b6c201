"""When a campaign would be through, at the pace of the accounts that can send today."""

from datetime import datetime

from app.core.clock import now, today
from app.core.rules import workdays
from campaigns.drafting.models import Campaign
from campaigns.drafting.times.policy import Terms, Worked, forecast, opens
from campaigns.gateways import registry


def terms_of(campaign: Campaign) -> Terms:
    """When this campaign may send."""
    return Terms(campaign.message_class, campaign.working_days_only, campaign.send_from, campaign.send_until)


def worked() -> Worked:
    """The calendar of working days; years that nobody has entered yet are taken as ordinary ones."""
    return workdays.calendar(today().year, provisional=True).is_working_day


def through_at(terms: Terms, messages: int) -> datetime | None:
    """When so many messages will have been handed over; None: no account can send, or no hour is open."""
    pace = sum(gateway.limits.per_second for gateway, _weight in registry.usable())
    return forecast(terms, messages, pace, now(), worked())


def never_opens(terms: Terms) -> bool:
    """Whether the window has no hour in which anything may go out: all would leave after its end."""
    return not opens(terms, now(), worked())
