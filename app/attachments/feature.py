"""The manifest of attachments."""

from typing import Any

from flask import Flask
from flask_babel import lazy_gettext as _l

from app.attachments.cli import group
from app.attachments.jobs import forget, forget_lists, sweep
from app.attachments.policy import Permission
from app.attachments.queries import files_of_merged, held, kind_of, orphans, outdated_lists
from app.attachments.views import bp, panel, panel_names
from app.core import signals
from app.core.features import Feature, Panel, TimelineKind
from app.core.jobs import DailyAt
from app.core.merging.moving import Mover
from app.core.permissions import LEADERS, OFFICE, Actor
from app.core.personal.retaining import Retention


def _of_employer(employer: Any, actor: Actor) -> dict[str, Any]:
    return panel_names(kind_of(employer), employer.id, actor)


def _offer_panel(app: Flask) -> None:
    app.jinja_env.globals["attachments"] = panel
    signals.records_going.connect(held)


feature = Feature(
    name="attachments",
    blueprint=bp,
    grants={
        Permission.VIEW: OFFICE,
        Permission.ADD: OFFICE,
        Permission.PLACE: OFFICE,
        Permission.REMOVE: OFFICE,
        Permission.REMOVE_OTHERS: LEADERS,
    },
    panels=(
        Panel(
            name="attachments",
            title=_l("Files"),
            template="attachments/_panel.html",
            load=_of_employer,
            permission=Permission.VIEW,
            order=80,
            later=True,
        ),
    ),
    timeline_kinds=(TimelineKind("attachment", _l("Attached file"), "paperclip", Permission.VIEW),),
    movers=(
        Mover("attachments", _l("Files"), anchor="attachments", settle=files_of_merged),
        Mover(
            "attachments", _l("Files"), "record_id", stays=_l("Files of an employer follow it; others stay.")
        ),
    ),
    retention=(
        Retention(
            "rosters",
            _l("Lists of employees"),
            _l(
                "Counted from the day on which it was attached: rosters, wage lists and other files that "
                "list employees are deleted; those of a matter that is under way, once it has ended."
            ),
            outdated_lists,
            forget_lists,
            months=12,
            least=1,
        ),
        Retention(
            "orphans",
            _l("Files whose record is gone"),
            _l(
                "Counted from the day on which it was attached: a file of a record that exists no more is "
                "deleted, unless another record has the same file."
            ),
            orphans,
            forget,
            months=6,
            least=1,
        ),
    ),
    schedule=(DailyAt("04:20", sweep),),
    cli=group,
    init=_offer_panel,
)
