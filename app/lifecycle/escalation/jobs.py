"""Every night: escalations in step with the matters that they pursue."""

from app.core.jobs import job
from app.lifecycle.escalation import services


@job(timeout=300)
def mind_escalations() -> None:
    services.mind()
