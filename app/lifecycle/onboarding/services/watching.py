"""Asking after employers that are stuck at a step for too long."""

from collections.abc import Collection
from datetime import timedelta

from sqlalchemy import select

from app.core.clock import now, today
from app.core.db import db
from app.core.language.i18n import msgid
from app.core.rules.workdays import add_working_days
from app.lifecycle.onboarding import queries
from app.lifecycle.onboarding.policy import KIND, REPEAT_AFTER, STUCK
from app.tasks import services as tasks
from app.tasks.models import Task, TaskState

#: title of the task, by the step that is stuck
STUCK_AT = {
    "registration": msgid("Account opening is stuck: help with the registration"),
    "accounts": msgid("Account opening is stuck: employee accounts are not set up"),
    "signing": msgid("Account opening is stuck: not signed up online"),
    "contribution": msgid("Account opening is stuck: no first contribution"),
    "employee": msgid("Account opening is stuck: no employee added yet"),
}


def watch() -> int:
    """Opens a task for each step that an employer is stuck at, and settles those of steps it has left.

    One that somebody closed is opened again only after a while (REPEAT_AFTER). Gives how many were opened.
    """
    cards = queries.waiting(None)
    stuck = {(f"{KIND}.{card.place.step.name}", card.employer.id): card for card in cards if card.place.stuck}
    quiet = _asked_lately(stuck)
    due_on = add_working_days(today(), 2, provisional=True)
    new = [source for source in stuck if source not in quiet]
    for source in new:
        card = stuck[source]
        title = STUCK_AT[card.place.step.name]
        tasks.open_task(STUCK, title, due_on, employer=card.employer, source=source, again=True)
    db.session.flush()
    return len(new)


def _asked_lately(stuck: Collection[tuple[str, int]]) -> set[tuple[str | None, int | None]]:
    """What needs no new task; the open tasks of what is stuck no longer are settled on the way."""
    rested, moment = now() - timedelta(days=REPEAT_AFTER.value()), now()
    quiet = set()
    for task in db.session.scalars(
        select(Task).where(Task.kind == STUCK, Task.source_type.like(f"{KIND}.%"))
    ):
        source = (task.source_type, task.source_id)
        if source not in stuck and task.state is TaskState.OPEN:
            task.state, task.closed_at = TaskState.DONE, moment
        if task.closed_at is None or task.closed_at > rested:
            quiet.add(source)
    return quiet
