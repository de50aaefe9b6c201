"""The manifest of worklists."""

from typing import Any

from flask_babel import lazy_gettext as _l

from app.core.features import Feature, NavItem, Panel, TimelineKind
from app.core.files.attachable import RecordKind
from app.core.finds import SearchKind
from app.core.handing_over import Matter
from app.core.merging.moving import Mover
from app.core.permissions import Actor
from app.core.searching import rows_of
from app.employers.models import Employer
from campaigns.channels.worklist import demo, queries
from campaigns.channels.worklist.lists import ADD, DRIVES, FIELDS
from campaigns.channels.worklist.models import Drive, DriveRow
from campaigns.channels.worklist.policy import (
    GRANTS,
    OPTIONS,
    OUTCOMES,
    Permission,
    rows_visible_to,
    to_be_done,
    visible_to,
)
from campaigns.channels.worklist.services import following  # noqa: F401 - it hears the signals
from campaigns.channels.worklist.services.asking import KIND
from campaigns.channels.worklist.views import bp
from campaigns.channels.worklist.workflow import DRIVE, ROW


def _panel(employer: Employer, _actor: Actor) -> dict[str, Any]:
    workflows = {"row_workflow": ROW, "drive_workflow": DRIVE}
    return {"rows": queries.of_employer(employer.id), "outcomes": OUTCOMES, **workflows}


def _no_two(kept_id: int, merged_id: int) -> Any:
    """One employer is asked once in a drive, and a drive ends only when all of its rows are done."""
    if drive := queries.asked_of_both(kept_id, merged_id):
        return _l(
            "Both are in the drive “%(drive)s”: finish or give up there the one to be merged first.",
            drive=drive,
        )
    return None


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
            to_be_done, DriveRow.outcome, DriveRow.employer_id,
            endpoint="drives.row", said=queries.names_of,
        ),
    ),
    recorded_tasks=(KIND,),
    search=(
        SearchKind(
            "drives", _l("Drives"), "drives.index", rows_of(DRIVES, "name", about=("state",)), order=31
        ),
    ),
    record_kinds=(
        RecordKind(
            "drive", _l("Drive"), Drive, visible_to, view=Permission.VIEW, attach=Permission.RUN,
            remove=Permission.RUN, employer_id=lambda _drive: None, title=lambda drive: drive.name,
            endpoint="drives.show",
        ),
        RecordKind(
            "drive_row", _l("Employer in a drive"), DriveRow, rows_visible_to, view=Permission.VIEW,
            attach=Permission.WORK, remove=Permission.WORK, employer_id=lambda row: row.employer_id,
            title=lambda row: f"{row.drive.name} · {row.employer.name}", endpoint="drives.row",
        ),
    ),
    panels=(
        Panel(
            "drives", _l("Drives"), "campaigns/worklist/panel.html", _panel, Permission.VIEW, 71, later=True
        ),
    ),
    movers=(
        Mover(
            DriveRow.__tablename__, _l("Worklists"), distinct=("drive_id",), anchor="drives",
            obstacle=_no_two,
        ),
        Mover(DriveRow.__tablename__, _l("Worklists"), "branch_id", stays=_THEN),
        Mover(DriveRow.__tablename__, _l("Worklists"), "area_id", stays=_THEN),
    ),
    timeline_kinds=(TimelineKind("drive", _l("Drive"), "list-check", Permission.VIEW),),
)  # fmt: skip
