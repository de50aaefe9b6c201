"""What is to be done, by whom and by when."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.orm import joinedload

from app.accounts.queries import name_of
from app.core.clock import SHANGHAI, now, today
from app.core.db import among, db
from app.core.features import current_features
from app.core.finding import the_one
from app.core.links import url_if
from app.core.merging.moving import Change
from app.core.permissions import Actor
from app.core.reach import once_for_reach
from app.employers.models import Employer
from app.tasks.models import DEADLINE, Task, TaskState
from app.tasks.policy import visible_to

#: how many tasks "my day" lists at most; the counters always count all
LISTED = 200

_OPEN = (
    select(Task)
    .where(Task.state == TaskState.OPEN)
    .options(joinedload(Task.employer).load_only(Employer.id, Employer.name))
    .order_by(Task.due_on, Task.id)
)
_OPEN_OF_EMPLOYER = _OPEN.options(name_of(Task.owner))


@dataclass
class Day:
    """One person's open tasks by urgency; `total` counts those beyond the list too."""

    overdue: list[Task] = field(default_factory=list)
    today: list[Task] = field(default_factory=list)
    this_week: list[Task] = field(default_factory=list)
    later: list[Task] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    done_this_week: int = 0

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def urgency(due_on: date, day: date) -> str:
    """overdue, today, this_week (up to Sunday) or later."""
    if due_on < day:
        return "overdue"
    if due_on == day:
        return "today"
    return "this_week" if due_on <= day + timedelta(days=6 - day.weekday()) else "later"


def my_day(actor: Actor) -> Day:
    """The actor's own open tasks, the most urgent first."""
    now, mine = today(), Task.owner_id == actor.id
    day = Day(counts={"overdue": 0, "today": 0, "this_week": 0, "later": 0})
    counted = (
        select(Task.due_on, func.count()).where(mine, Task.state == TaskState.OPEN).group_by(Task.due_on)
    )
    for due_on, number in db.session.execute(counted):
        day.counts[urgency(due_on, now)] += number
    for task in db.session.scalars(_OPEN.where(mine).limit(LISTED)):
        getattr(day, urgency(task.due_on, now)).append(task)
    monday = now - timedelta(days=now.weekday())
    since = datetime.combine(monday, time(), SHANGHAI)
    done = select(func.count()).where(mine, Task.state == TaskState.DONE, Task.closed_at >= since)
    day.done_this_week = db.session.scalar(done) or 0
    return day


def page_of_source(task: Task) -> str | None:
    """The page of the record that gave rise to the task, where a process moves such records or people carry
    them."""
    features, kind = current_features(), task.source_type or ""
    declared = features.workflows.get(kind) or features.matters.get(kind)
    if declared is None or declared.endpoint is None or task.source_id is None:
        return None
    return url_if(declared.endpoint, **{getattr(declared, "argument", "id"): task.source_id})


def is_recorded(task: Task) -> bool:
    """Whether it is closed by what is recorded on the page it comes from, and in no other way."""
    return task.kind in current_features().recorded_tasks


def tasks_of(employer_id: int, actor: Actor) -> Sequence[Task]:
    """An employer's open tasks that the actor sees, the most urgent first."""
    return db.session.scalars(_tasks_of(actor), {"employer_id": employer_id}).all()


@once_for_reach
def _tasks_of(actor: Actor | None) -> Select[Task]:
    return _OPEN_OF_EMPLOYER.where(Task.employer_id == bindparam("employer_id"), visible_to(actor))


def listed(actor: Actor) -> Select[Task]:
    """Every task that the actor sees, for the list page."""
    return select(Task).where(visible_to(actor))


def find(task_id: int, actor: Actor) -> Task:
    """The task, or NotFound when it is out of the actor's reach."""
    return the_one(select(Task).where(Task.id == task_id, visible_to(actor)), _l("There is no such task."))


def deadlines_of_stage(_kept_id: int, merged_id: int) -> Iterator[Change]:
    """When an employer is merged into another, nobody waits for its stage to move on any more."""
    waiting = (Task.kind == DEADLINE, Task.source_type == "lifecycle", Task.source_id == merged_id)
    query = select(Task.id).where(*waiting, Task.state == TaskState.OPEN)
    for task_id in db.session.scalars(query):
        yield Change(Task.__tablename__, task_id, {"state": TaskState.CANCELLED, "closed_at": now()})


def sentences(task_ids: Sequence[int]) -> dict[int, str]:
    """What is to be done, in words."""
    found = db.session.scalars(select(Task).where(among(Task.id, task_ids)))
    return {task.id: task.sentence for task in found}
