"""Keeping the drive complete, and reminding of what is not submitted."""

from app.contributions.adjustment import services
from app.core.jobs import job


@job(timeout=300)
def keep_up() -> None:
    services.keep_up()
