"""Looking for duplicates while nobody waits."""

from app.core.jobs import job
from app.employers.merging.services import finding


@job(timeout=1800)
def look_for_duplicates() -> None:
    """Brings the worklist of duplicates up to date."""
    finding.refresh()
