"""Asking for what was not recorded."""

from app.core.jobs import job
from app.outreach.events import services


@job()
def ask_for_attendance() -> None:
    services.ask_for_attendance()
