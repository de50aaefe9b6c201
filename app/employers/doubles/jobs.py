"""Looking for people recorded twice while nobody waits."""

from app.core.jobs import job
from app.employers.doubles import services


@job(timeout=1800)
def look_for_doubles() -> None:
    """Brings the worklist up to date."""
    services.refresh()
