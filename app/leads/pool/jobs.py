"""Looking after leads that lie, once a day."""

from app.core.jobs import job
from app.leads.pool import services


@job(timeout=900)
def mind_idle_leads() -> None:
    """Warns their owners, and takes back what was warned of in time."""
    services.mind_idle()
