"""When messages may go out."""

from datetime import datetime

from app.config import current_settings
from app.core.clock import local
from campaigns.drafting.models import MessageClass


def may_send(message_class: MessageClass, moment: datetime) -> bool:
    """Whether this class of message may go out at this moment, by local time of day (setting SEND_HOURS)."""
    hours = current_settings().send_hours.get(str(message_class))
    return hours is None or hours[0] <= local(moment).time() < hours[1]
