"""The manifest of outreach."""

from flask_babel import lazy_gettext as _l

from app.core.criteria.fields import kept_for
from app.core.escalating import EvidenceKind, Step
from app.core.features import Feature, NavItem, Panel, TimelineKind, WorkspaceCard
from app.core.files.attachable import RecordKind
from app.core.merging.moving import PEOPLE, Mover
from app.core.permissions import OFFICE
from app.outreach import demo
from app.outreach.lists import EMPLOYER_FIELDS
from app.outreach.models import KIND_ICONS, KIND_LABELS, OUTCOME_LABELS, OUTCOME_TONES, Visit
from app.outreach.policy import Permission, visible_to
from app.outreach.queries import own_this_month, talks_since, visits_of, visits_since
from app.outreach.views import bp

_SHOWN = {"kinds": KIND_LABELS, "icons": KIND_ICONS, "outcomes": OUTCOME_LABELS, "tones": OUTCOME_TONES}

_TALK, _VISIT = frozenset({Step.CONTACT}), frozenset({Step.VISIT})
EVIDENCE = (
    EvidenceKind("talk", _l("Visit or call"), _TALK, talks_since, _TALK, "outreach.show", "id"),
    EvidenceKind("visit", _l("Visit"), _VISIT, visits_since, _VISIT, "outreach.show", "id"),
)

feature = Feature(
    name="outreach",
    evidence=EVIDENCE,
    blueprint=bp,
    demo=demo.load,
    navigation=(NavItem(_l("Visits and calls"), "outreach.index", Permission.VIEW, "geo-alt", "visits", 30),),
    grants={Permission.VIEW: OFFICE, Permission.LOG: OFFICE},
    employer_fields=kept_for(Permission.VIEW, EMPLOYER_FIELDS),
    panels=(
        Panel(
            "visits",
            _l("Visits and calls"),
            "outreach/_panel.html",
            lambda employer, _actor: {"visits": visits_of(employer.id), **_SHOWN},
            Permission.VIEW,
            20,
        ),
    ),
    workspace=(
        WorkspaceCard(
            "visits",
            _l("This month"),
            "outreach/_card.html",
            lambda actor: {"counts": own_this_month(actor), "kinds": KIND_LABELS},
            Permission.LOG,
            20,
        ),
    ),
    record_kinds=(
        RecordKind(
            "visit",
            _l("Visit or call"),
            Visit,
            visible_to,
            view=Permission.VIEW,
            attach=Permission.LOG,
            remove=Permission.LOG,
            employer_id=lambda visit: visit.employer_id,
            title=lambda visit: f"{KIND_LABELS[visit.kind]} · {visit.employer.name}",
            endpoint="outreach.show",
        ),
    ),
    movers=(
        Mover("visits", _l("Visits and calls"), anchor="visits"),
        Mover("visits", _l("Visits and calls"), "contact_id", of=PEOPLE),
    ),
    timeline_kinds=(TimelineKind("visit", _l("Visit or call"), "geo-alt", Permission.VIEW, contact=True),),
)
