"""The tasks' manifest."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm

from app.core.criteria.fields import kept_for
from app.core.criteria.trees import rule
from app.core.features import Feature, NavItem, Panel, TimelineKind
from app.core.files.attachable import RecordKind
from app.core.finds import SearchKind
from app.core.handing_over import Matter
from app.core.links import url_if
from app.core.listing.parts import BulkAction
from app.core.merging.moving import Mover
from app.core.permissions import LEADERS, OFFICE, Actor, Role
from app.core.searching import rows_of
from app.employers.models import Employer
from app.tasks import demo
from app.tasks.following import services as following  # noqa: F401 - it hears the signals
from app.tasks.forms import OWNERS, ManyTasksForm
from app.tasks.lists import EMPLOYER_FIELDS, TASKS
from app.tasks.models import Task, TaskState
from app.tasks.policy import WELCOME_DAYS, Permission, visible_to
from app.tasks.queries import deadlines_of_stage, sentences, tasks_of
from app.tasks.services import open_for
from app.tasks.views import bp


def _open_task(employer: Employer, actor: Actor, form: FlaskForm) -> None:
    title, due_on = form.promise
    open_for(employer, title, due_on, actor, for_owner=form.who.data == OWNERS)


CREATE_TASKS = BulkAction(
    "tasks",
    _l("Create tasks"),
    Permission.WORK,
    act=_open_task,
    form=ManyTasksForm,
    icon="check2-square",
    tone="secondary",
    undoable=True,
)

OPEN_TASKS = SearchKind(
    "tasks",
    _l("Open tasks"),
    "tasks.index",
    rows_of(
        TASKS,
        "title",
        "matches",
        also=(rule("state", "in", ["open"]),),
        about=("employer", "due_on", "owner"),
        among=5000,
    ),
    order=20,
)

#: on the employer's page, and on its profile
OPEN_MATTERS = Panel(
    "tasks",
    _l("Tasks"),
    "tasks/_panel.html",
    lambda employer, actor: {"tasks": tasks_of(employer.id, actor)},
    Permission.VIEW,
    10,
)

TASKS_CARRIED = Matter(
    "tasks", _l("Open tasks"), Task, Task.owner_id, lambda: Task.state == TaskState.OPEN, Task.title,
    Task.employer_id, endpoint="tasks.show", said=sentences,
    listed=lambda user_id: url_if("tasks.index", **{"owner.in": user_id, "state.in": "open"}),
)  # fmt: skip

feature = Feature(
    name="tasks",
    matters=(TASKS_CARRIED,),
    blueprint=bp,
    demo=demo.load,
    navigation=(
        NavItem(_l("My day"), "tasks.my_day", Permission.VIEW, "sun", "work", 10),
        NavItem(_l("Tasks"), "tasks.index", Permission.WORK, "check2-square", "work", 20),
    ),
    grants={
        Permission.VIEW: tuple(Role),  # the home page; everyone sees what is theirs
        Permission.WORK: OFFICE,
        Permission.MANAGE: LEADERS,
    },
    employer_fields=kept_for(Permission.WORK, EMPLOYER_FIELDS),
    employer_actions=(CREATE_TASKS,),
    search=(OPEN_TASKS,),
    panels=(OPEN_MATTERS,),
    profile_panels=(OPEN_MATTERS,),
    record_kinds=(
        RecordKind(
            "task",
            _l("Task"),
            Task,
            visible_to,
            view=Permission.VIEW,
            attach=Permission.WORK,
            remove=Permission.WORK,
            employer_id=lambda task: task.employer_id,
            title=lambda task: task.sentence,
            endpoint="tasks.show",
        ),
    ),
    movers=(
        Mover("tasks", _l("Tasks"), anchor="tasks", settle=deadlines_of_stage),
        Mover("tasks", _l("Tasks"), "source_id", stays=_l("Each task keeps what gave rise to it.")),
    ),
    options=(WELCOME_DAYS,),
    timeline_kinds=(TimelineKind("task", _l("Task"), "check2-square", Permission.WORK),),
)
