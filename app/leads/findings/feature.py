"""The manifest of findings."""

from flask_babel import lazy_gettext as _l

from app.core.features import Feature, Panel
from app.core.merging.moving import Mover
from app.leads.findings import demo
from app.leads.findings.models import SUBJECT_LABELS
from app.leads.findings.queries import findings_of
from app.leads.findings.views import blueprint
from app.leads.policy import Permission

feature = Feature(
    name="findings",
    blueprint=blueprint,
    demo=demo.load,
    panels=(
        Panel(
            "findings",
            _l("What was found out"),
            "leads/_findings.html",
            lambda employer, _actor: {"findings": findings_of(employer.id), "subjects": SUBJECT_LABELS},
            Permission.VIEW,
            18,
            later=True,
        ),
    ),
    movers=(Mover("lead_findings", _l("What was found out"), anchor="findings"),),
)
