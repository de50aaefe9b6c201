"""Looking every morning for employers that are stuck on their way."""

from app.core.jobs import job
from app.lifecycle.onboarding import services


@job(timeout=300)
def watch_openings() -> None:
    """Asks the owner after every step that takes too long."""
    services.watch()
