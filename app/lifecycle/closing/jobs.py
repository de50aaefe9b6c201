"""Looking every morning for firms that are gone and still have an account."""

from app.core.jobs import job
from app.lifecycle.closing.helping import services


@job(timeout=300)
def help_to_close() -> None:
    services.help_to_close()
