"""The morning's look at what should have come."""

from app.core.jobs import job
from app.imports.expected import services


@job(timeout=300)
def ask_for_missing_files() -> None:
    """Opens a task for each file whose day has passed, once."""
    services.review()
