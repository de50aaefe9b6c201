"""The manifest of corrections."""

from flask import Flask
from flask_babel import lazy_gettext as _l

from app.core import signals
from app.core.features import Feature, NavItem, TimelineKind
from app.core.files.attachable import RecordKind
from app.core.merging.moving import PEOPLE, Mover
from app.core.personal.retaining import people_forgotten
from campaigns.notices.corrections import demo
from campaigns.notices.corrections.models import SUBJECT_LABELS, Correction
from campaigns.notices.corrections.policy import GRANTS, Permission, visible_to
from campaigns.notices.corrections.services import forget_people, hear
from campaigns.notices.corrections.views import blueprint
from campaigns.notices.corrections.workflow import CORRECTION, TASK


def init(_app: Flask) -> None:
    """Whoever is forgotten is forgotten here too; numbers that colleagues hear are checked here."""
    people_forgotten.connect(forget_people)
    signals.number_proposed.connect(hear)


feature = Feature(
    name="corrections",
    blueprint=blueprint,
    init=init,
    demo=demo.load,
    grants=GRANTS,
    workflows=(CORRECTION,),
    recorded_tasks=(TASK,),
    navigation=(
        NavItem(
            _l("Corrections by handlers"),
            "corrections.index",
            Permission.VIEW,
            "pencil-square",
            "outreach",
            37,
        ),
    ),
    timeline_kinds=(TimelineKind("correction", _l("Correction"), "pencil-square", Permission.VIEW),),
    record_kinds=(
        RecordKind(
            "correction",
            _l("Correction"),
            Correction,
            visible_to,
            view=Permission.VIEW,
            attach=Permission.DECIDE,
            remove=Permission.DECIDE,
            employer_id=lambda one: one.employer_id,
            title=lambda one: f"{SUBJECT_LABELS[one.subject]} · {one.employer.name}",
            endpoint="corrections.show",
        ),
    ),
    movers=(
        Mover("notice_corrections", _l("Corrections by handlers")),
        Mover("notice_corrections", _l("Corrections by handlers"), "contact_id", of=PEOPLE),
        Mover(
            "notice_corrections",
            _l("Corrections by handlers"),
            "notice_id",
            stays=_l("It tells where it was written."),
        ),
    ),
)
