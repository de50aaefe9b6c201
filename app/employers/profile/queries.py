"""Reading notes and flags."""

from sqlalchemy import ColumnElement, bindparam, or_

from app.core.clock import today
from app.employers.profile.models import RiskFlag

_today = bindparam("today", callable_=today, type_=RiskFlag.since.type)


def standing() -> ColumnElement[bool]:
    """The flags that stand today."""
    return (RiskFlag.since <= _today) & or_(RiskFlag.until.is_(None), RiskFlag.until >= _today)
