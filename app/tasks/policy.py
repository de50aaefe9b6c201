"""Who sees and closes which tasks."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, or_

from app.accounts.policy import in_scope
from app.core.options import Option
from app.core.permissions import Actor, Grantable, may
from app.tasks.models import Task

#: within how many working days a new handler is to be welcomed
WELCOME_DAYS = Option(
    "tasks.welcome_days",
    _l("Welcome a new handler within"),
    usual=2,
    low=1,
    high=30,
    unit=_l("working days"),
)


class Permission(Grantable):
    VIEW = "tasks:view", _l("See “my day” and the tasks in reach")
    #: open tasks for oneself, close, put off and pass on one's own
    WORK = "tasks:work", _l("Open tasks, and close, put off or pass on one's own")
    #: the same with the tasks of others in reach
    MANAGE = "tasks:manage", _l("Close, put off or pass on the tasks of others in reach")


def visible_to(actor: Actor | None) -> ColumnElement[bool]:
    """The actor's own tasks, and to those who work on tasks all of the actor's reach.

    A task tells of whatever it came from: what is due to a penalty or a campaign is no matter of a partner's.
    """
    if actor is not None and not may(actor, Permission.WORK):
        return Task.owner_id == actor.id
    reach = in_scope(actor, Task.branch_id, Task.owner_id)
    return reach if actor is None else or_(reach, Task.owner_id == actor.id)


def may_work_on(actor: Actor | None, task: Task) -> bool:
    """Whether the actor may close, put off or pass on this visible task."""
    if actor is None or may(actor, Permission.MANAGE):
        return True
    return task.owner_id in (None, actor.id) and may(actor, Permission.WORK)
