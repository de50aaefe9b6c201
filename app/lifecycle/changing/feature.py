"""The manifest of changes to be registered."""

from typing import Any

from flask_babel import lazy_gettext as _l

from app.core.features import Feature, NavItem, Panel, TimelineKind
from app.core.files.attachable import RecordKind
from app.core.handing_over import Matter
from app.core.links import url_if
from app.core.merging.moving import Mover
from app.core.permissions import LEADERS, OFFICE, Actor, Role
from app.employers.models import Employer
from app.lifecycle.changing import demo, queries
from app.lifecycle.changing.lists import clock_of
from app.lifecycle.changing.models import KIND_LABELS, RegisteredChange
from app.lifecycle.changing.policy import OPTIONS, Permission, visible_to
from app.lifecycle.changing.views import blueprint
from app.lifecycle.changing.workflow import CHANGING
from app.lifecycle.closing.lists import told

_LABEL = _l("Changes of particulars")


def _panel(employer: Employer, _actor: Actor) -> dict[str, Any]:
    """Only of who has an account are changes registered."""
    wanted = employer.employer_account_no is not None
    return {
        "changes": queries.of_employer(employer.id) if wanted else (),
        "wanted": wanted,
        "kinds": KIND_LABELS,
        "changing_workflow": CHANGING,
        "told": told,
        "clock_of": clock_of,
    }


def _no_two(kept_id: int, merged_id: int) -> Any:
    """Of one employer one change of a kind stands at a time."""
    kinds = queries.standing_kinds((kept_id, merged_id))
    if len(set(kinds)) < len(kinds):
        return _l("Both have a change of the same kind to be registered: give up one of them first.")
    return None


feature = Feature(
    name="changing",
    blueprint=blueprint,
    navigation=(NavItem(_LABEL, "changing.index", Permission.VIEW, "pencil-square", "dues", 58),),
    grants={
        Permission.VIEW: OFFICE,
        Permission.WORK: (Role.SPECIALIST, *LEADERS),
        Permission.UNDO: LEADERS,
    },
    workflows=(CHANGING,),
    options=OPTIONS,
    panels=(
        Panel("changing", _LABEL, "lifecycle/changing/_panel.html", _panel, Permission.VIEW, 54, later=True),
    ),
    record_kinds=(
        RecordKind(
            "registered_change",
            _l("Registration of a change"),
            RegisteredChange,
            visible_to,
            view=Permission.VIEW,
            attach=Permission.WORK,
            remove=Permission.WORK,
            employer_id=lambda change: change.employer_id,
            title=lambda change: f"{KIND_LABELS[change.kind]} · {change.employer.name}",
            endpoint="changing.show",
        ),
    ),
    matters=(
        Matter(
            "changes",
            _LABEL,
            RegisteredChange,
            Employer.owner_id,
            lambda: queries.standing,
            Employer.name,
            RegisteredChange.employer_id,
            along=True,
            endpoint="changing.show",
            listed=lambda user_id: url_if("changing.index", **{"owner.in": user_id}),
        ),
    ),
    movers=(Mover(RegisteredChange.__tablename__, _LABEL, anchor="changing", obstacle=_no_two),),
    timeline_kinds=(
        TimelineKind(CHANGING.kind, _l("Change of particulars"), "pencil-square", Permission.VIEW),
    ),
    demo=demo.load,
)
