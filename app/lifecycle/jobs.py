"""The daily look at firms that are gone and still have an account."""

from app.core.jobs import job
from app.lifecycle import services


@job()
def help_to_close() -> None:
    services.help_to_close()
