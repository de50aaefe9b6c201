"""Looking every morning for employers that are stuck on their way, and for papers that fall due soon."""

from app.core.jobs import job
from app.lifecycle.onboarding.services import beginning, reminding, watching


@job(timeout=300)
def watch_openings() -> None:
    """Asks the owner after every step that takes too long, and to remind of papers that are to follow."""
    beginning.settle_recorded()
    watching.watch()
    reminding.remind()
