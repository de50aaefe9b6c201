"""Placing what the day's files brought."""

from app.core.jobs import job
from app.employers.areas import services


@job(timeout=600)
def place_by_name() -> None:
    """Places employers whose file wrote the name of one area only."""
    services.place_by_name()
