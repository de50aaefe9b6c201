"""The manifest of relief: the import of decisions, and the card on the employer's page."""

from flask_babel import lazy_gettext as _l

from app.core.features import Feature, Panel
from app.core.moving import Mover
from app.core.permissions import LEADERS, OFFICE, Role
from app.relief.forms import RELIEF
from app.relief.models import KIND_LABELS
from app.relief.policy import Permission
from app.relief.queries import decisions_on

feature = Feature(
    name="relief",
    grants={Permission.VIEW: OFFICE, Permission.IMPORT: (Role.SPECIALIST, *LEADERS)},
    import_specs=(RELIEF,),
    panels=(
        Panel(
            "relief",
            _l("Relief"),
            "relief/panel.html",
            # only who has an account can have been granted any
            lambda employer, _actor: {
                "decisions": decisions_on(employer.id) if employer.employer_account_no else (),
                "kinds": KIND_LABELS,
            },
            Permission.VIEW,
            55,
        ),
    ),
    movers=(
        Mover(
            "relief_decisions",
            _l("Decisions on relief"),
            distinct=("kind", "from_month"),
            anchor="relief",
        ),
    ),
)
