"""Asking the owner to remind an employer of papers that are to follow, some days before they are due."""

from collections.abc import Collection
from datetime import date, timedelta

from sqlalchemy import select

from app.core.clock import today
from app.core.db import db
from app.core.language.i18n import msgid
from app.core.rules.workdays import on_or_after
from app.lifecycle.onboarding import queries
from app.lifecycle.onboarding.models import Opening
from app.lifecycle.onboarding.policy import REMIND_BEFORE
from app.lifecycle.onboarding.queries import awaited_days
from app.lifecycle.onboarding.workflow import OPENING, PAPERS
from app.tasks import services as tasks
from app.tasks.models import Task, TaskState

REMIND = "paper_reminder"
REMIND_OF = msgid("Remind the employer of the papers to follow by %(day)s: %(papers)s")


def remind() -> int:
    """Asks owners to remind employers some days before papers fall due, once for each day of an opening.

    Gives how many tasks were opened.
    """
    asked = select(Task).where(Task.kind == REMIND, Task.source_type == OPENING.name)
    known = {(task.source_id, task.params["day"], task.state) for task in db.session.scalars(asked)}
    told, waiting = {one[:2] for one in known}, {one[0] for one in known if one[2] is TaskState.OPEN}
    latest, made = today() + timedelta(days=REMIND_BEFORE.value()), 0
    for opening in queries.deferred():
        soon = {day: papers for day, papers in awaited_days(opening).items() if today() < day <= latest}
        new = [day for day in soon if (opening.id, day.isoformat()) not in told]
        if new and opening.id not in waiting:
            _ask_to_remind(opening, new[0], soon[new[0]])
            made += 1
    return made


def _ask_to_remind(opening: Opening, day: date, papers: Collection[str]) -> None:
    tasks.open_task(
        REMIND, REMIND_OF, min(on_or_after(today()), day),
        employer=opening.employer, params={"day": day.isoformat(), "papers": PAPERS.names(papers)},
        source=(OPENING.name, opening.id), again=True,
    )  # fmt: skip


def settle(opening: Opening) -> None:
    """Closes a reminder of papers that are not awaited for its day any more."""
    days = {due_on.isoformat() for due_on in awaited_days(opening)}
    query = select(Task).where(
        Task.kind == REMIND, Task.source_type == OPENING.name, Task.source_id == opening.id,
        Task.state == TaskState.OPEN,
    )  # fmt: skip
    reminder = db.session.scalars(query).one_or_none()
    if reminder is not None and reminder.params["day"] not in days:
        tasks.complete(reminder, None)
