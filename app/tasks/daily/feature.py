"""The manifest of the branch board and of the end-of-day check."""

from typing import Any

from flask_babel import lazy_gettext as _l

from app.core.clock import today
from app.core.features import Feature, NavItem, WorkspaceCard
from app.core.handing_over import Kept
from app.core.jobs import DailyAt
from app.core.permissions import LEADERS, OFFICE, Actor
from app.tasks.daily import demo, queries
from app.tasks.daily.jobs import mark_gaps
from app.tasks.daily.policy import ASKED, CLOSERS, OPTIONS, Permission
from app.tasks.daily.views import blueprint


def _card(actor: Actor) -> dict[str, Any]:
    """Whether today, and the working day before, are closed."""
    day = today()
    before = queries.last_working_day(day)
    asked = bool(ASKED.value() and actor.role_set & frozenset(CLOSERS))
    return {
        "asked": asked,
        "day": day,
        "closing": queries.closing_of(actor.id, day),
        "before": before,
        "gap": asked and queries.owes(actor.id, before),
    }


def _covering(actor: Actor) -> dict[str, Any]:
    return {"covered": queries.covered_by(actor.id)}


feature = Feature(
    name="daily",
    blueprint=blueprint,
    navigation=(NavItem(_l("Branch board"), "daily.board", Permission.BOARD, "grid-3x3-gap", "work", 12),),
    grants={Permission.CLOSE: OFFICE, Permission.BOARD: LEADERS},
    workspace=(
        WorkspaceCard("day_check", _l("End of day"), "tasks/daily/_card.html", _card, Permission.CLOSE, 10),
        WorkspaceCard(
            "covering",
            _l("Due for colleagues on leave"),
            "tasks/daily/_covering.html",
            _covering,
            Permission.CLOSE,
            9,
        ),
    ),
    options=OPTIONS,
    kept=(Kept("day_closings.user_id", _l("It tells how somebody closed a day.")),),
    schedule=(DailyAt("00:20", mark_gaps),),
    demo=demo.load,
)
