"""Every morning: cases in step with the statements, then the reminders of the day."""

from app.contributions.arrears.services import catch_up
from app.contributions.reminding.services import remind
from app.core.clock import today
from app.core.jobs import job


@job(timeout=600)
def every_morning() -> None:
    catch_up()
    remind(today())
