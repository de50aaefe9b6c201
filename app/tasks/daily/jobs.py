"""Every night: who has not closed the day."""

from app.core.jobs import job
from app.tasks.daily import services


@job()
def mark_gaps() -> None:
    services.mark_gaps()
