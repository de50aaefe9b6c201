"""The manifest of liabilities after mergers and divisions."""

from typing import Any

from flask_babel import lazy_gettext as _l

from app.core.features import Feature, GuardFor, Panel
from app.core.files.attachable import RecordKind
from app.core.merging.moving import Mover
from app.core.permissions import LEADERS, OFFICE, Actor, Role
from app.employers.models import Employer
from app.lifecycle.liability import demo, queries
from app.lifecycle.liability.models import Liability
from app.lifecycle.liability.policy import Permission, visible_to
from app.lifecycle.liability.services import has_paid_for_others
from app.lifecycle.liability.views import blueprint

_LABEL = _l("Who answers for unpaid months")


def _panel(employer: Employer, actor: Actor) -> dict[str, Any]:
    return {"liabilities": queries.of_employer(employer.id, actor)}


feature = Feature(
    name="liability",
    blueprint=blueprint,
    grants={
        Permission.VIEW: OFFICE,
        Permission.EDIT: (Role.SPECIALIST, Role.ENFORCEMENT_OFFICER, *LEADERS),
    },
    guards=(GuardFor("lifecycle", "close", has_paid_for_others),),
    panels=(
        Panel(
            "liability", _LABEL, "lifecycle/liability/_panel.html", _panel, Permission.VIEW, 53, later=True
        ),
    ),
    record_kinds=(
        RecordKind(
            "liability", _LABEL, Liability, visible_to, view=Permission.VIEW, attach=Permission.EDIT,
            remove=Permission.EDIT, employer_id=lambda one: one.debtor_id,
            title=lambda one: f"{one.debtor.name} · {one.successor.name}", endpoint="liability.share",
            argument="liability_id",
        ),
    ),
    movers=(
        Mover(
            "liabilities", _LABEL, "debtor_id", distinct=("successor_id",), apart="successor_id",
            anchor="liability",
        ),
        Mover(
            "liabilities", _LABEL, "successor_id", distinct=("debtor_id",), apart="debtor_id",
            anchor="liability",
        ),
    ),
    demo=demo.load,
)  # fmt: skip
