"""Every morning: cases in step with statements and operating status, then the reminders of the day."""

from app.contributions.arrears.operating.services import go_on
from app.contributions.arrears.services import catch_up
from app.contributions.reminding.services import remind
from app.core.clock import today
from app.core.jobs import job


@job(timeout=600)
def every_morning() -> None:
    catch_up()
    go_on()
    remind(today())
