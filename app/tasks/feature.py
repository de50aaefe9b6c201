"""The tasks' manifest."""

from flask_babel import lazy_gettext as _l

from app.core.features import Feature, NavItem, Panel, TimelineKind
from app.core.moving import Mover
from app.core.permissions import LEADERS, OFFICE, Role
from app.tasks import demo
from app.tasks.lists import EMPLOYER_FIELDS
from app.tasks.policy import WELCOME_DAYS, Permission
from app.tasks.queries import deadlines_of_stage, tasks_of
from app.tasks.views import bp

feature = Feature(
    name="tasks",
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
    employer_fields=EMPLOYER_FIELDS,
    panels=(
        Panel(
            "tasks",
            _l("Tasks"),
            "tasks/_panel.html",
            lambda employer, actor: {"tasks": tasks_of(employer.id, actor)},
            Permission.VIEW,
            10,
        ),
    ),
    movers=(
        Mover("tasks", _l("Tasks"), anchor="tasks", settle=deadlines_of_stage),
        Mover("tasks", _l("Tasks"), "source_id", stays=_l("Each task keeps what gave rise to it.")),
    ),
    options=(WELCOME_DAYS,),
    timeline_kinds=(TimelineKind("task", _l("Task"), "check2-square"),),
)
