"""The daily clock of relief."""

from app.core.jobs import job
from app.relief import services


@job()
def every_morning() -> None:
    services.keep_clocks()
