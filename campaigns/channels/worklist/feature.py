"""The manifest of worklists."""

from typing import Any

from flask_babel import lazy_gettext as _l

from app.core.features import Feature, NavItem, Panel, TimelineKind
from app.core.finds import SearchKind
from app.core.handing_over import Matter
from app.core.merging.moving import Mover
from app.core.permissions import Actor
from app.core.searching import rows_of
from app.employers.models import Employer
from campaigns.channels.worklist import demo, queries
from campaigns.channels.worklist.lists import ADD, DRIVES, FIELDS
from campaigns.channels.worklist.models import DriveRow, RowState
from campaigns.channels.worklist.policy import GRANTS, OPTIONS, OUTCOMES, Permission
from campaigns.channels.worklist.services import KIND
from campaigns.channels.worklist.views import bp
from campaigns.channels.worklist.workflow import DRIVE, ROW


def _panel(employer: Employer, _actor: Actor) -> dict[str, Any]:
    return {"rows": queries.of_employer(employer.id), "row_workflow": ROW, "outcomes": OUTCOMES}


_THEN = _l("It says where the employer was then.")

feature = Feature(
    name="drives",
    blueprint=bp,
    demo=demo.load,
    navigation=(NavItem(_l("Drives"), "drives.index", Permission.VIEW, "list-check", "outreach", 32),),
    grants=GRANTS,
    options=OPTIONS,
    workflows=(DRIVE, ROW),
    employer_fields=FIELDS,
    employer_actions=(ADD,),
    matters=(
        Matter(
            "drive_rows", _l("Employers in drives"), DriveRow, DriveRow.owner_id,
            lambda: DriveRow.state == RowState.OPEN, DriveRow.outcome, DriveRow.employer_id,
            endpoint="drives.row", said=queries.names_of,
        ),
    ),
    recorded_tasks=(KIND,),
    search=(
        SearchKind(
            "drives", _l("Drives"), "drives.index", rows_of(DRIVES, "name", about=("state",)), order=31
        ),
    ),
    panels=(
        Panel(
            "drives", _l("Drives"), "campaigns/worklist/panel.html", _panel, Permission.VIEW, 71, later=True
        ),
    ),
    movers=(
        Mover(DriveRow.__tablename__, _l("Worklists"), distinct=("drive_id",), anchor="drives"),
        Mover(DriveRow.__tablename__, _l("Worklists"), "branch_id", stays=_THEN),
        Mover(DriveRow.__tablename__, _l("Worklists"), "area_id", stays=_THEN),
    ),
    timeline_kinds=(TimelineKind("drive", _l("Drive"), "list-check", Permission.VIEW),),
)  # fmt: skip
