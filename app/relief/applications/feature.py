"""The manifest of applications for relief."""

from flask_babel import lazy_gettext as _l

from app.core.features import Feature, NavItem, Panel
from app.core.files.attachable import RecordKind
from app.core.handing_over import Matter
from app.core.merging.moving import Mover
from app.employers.queries import employer_name
from app.relief.applications import demo
from app.relief.applications.models import REQUEST_LABELS, ReliefApplication
from app.relief.applications.policy import visible_to
from app.relief.applications.queries import applications_of, at_home
from app.relief.applications.views import bp
from app.relief.applications.workflow import APPLICATION
from app.relief.policy import Permission

feature = Feature(
    name="relief_applications",
    blueprint=bp,
    demo=demo.load,
    workflows=(APPLICATION,),
    matters=(
        Matter(
            "relief",
            _l("Applications for relief to be submitted"),
            ReliefApplication,
            ReliefApplication.made_by_id,
            at_home,
            employer_name(ReliefApplication.employer_id),
            ReliefApplication.employer_id,
            endpoint="relief.show",
        ),
    ),
    navigation=(
        NavItem(_l("Applications for relief"), "relief.index", Permission.VIEW, "umbrella", "relief", 60),
    ),
    panels=(
        Panel(
            "relief_applications",
            _l("Applications for relief"),
            "relief/applications/panel.html",
            lambda employer, _actor: {
                "applications": applications_of(employer.id) if employer.employer_account_no else (),
                "requests": REQUEST_LABELS,
                "application_workflow": APPLICATION,
            },
            Permission.VIEW,
            54,
            later=True,
        ),
    ),
    record_kinds=(
        RecordKind(
            "relief_application",
            _l("Application for relief"),
            ReliefApplication,
            visible_to,
            view=Permission.VIEW,
            attach=Permission.APPLY,
            remove=Permission.APPLY,
            employer_id=lambda application: application.employer_id,
            title=lambda application: f"{REQUEST_LABELS[application.request]} · {application.employer.name}",
            endpoint="relief.show",
        ),
    ),
    movers=(Mover("relief_applications", _l("Applications for relief"), anchor="relief_applications"),),
)
