"""The manifest of identity."""

from flask_babel import lazy_gettext as _l

from app.core.criteria.fields import kept_for
from app.core.features import Feature, NavItem, Panel
from app.core.files.attachable import RecordKind
from app.core.merging.moving import PEOPLE, Mover
from app.core.permissions import LEADERS, OFFICE, Role
from app.employers.identity import demo
from app.employers.identity.lists import FIELDS
from app.employers.identity.models import (
    OBJECT_LABELS,
    SUBJECT_LABELS,
    EmployerRelation,
    Verification,
)
from app.employers.identity.policy import (
    Permission,
    name_visible_to,
    relation_visible_to,
    verification_visible_to,
)
from app.employers.identity.queries import kinship
from app.employers.identity.views import blueprint
from app.employers.models import FormerName

_REGISTER, _KINSHIP = _l("Renamed and related employers"), _l("Kinship of employers")

feature = Feature(
    name="identity",
    blueprint=blueprint,
    demo=demo.load,
    navigation=(NavItem(_REGISTER, "identity.register", Permission.VIEW, "diagram-3", "records", 60),),
    grants={
        Permission.VIEW: OFFICE,
        Permission.EDIT: (Role.SPECIALIST, *LEADERS),
        Permission.VERIFY: OFFICE,
    },
    employer_fields=kept_for(Permission.VIEW, FIELDS),
    record_kinds=(
        RecordKind(
            "relation",
            _l("Kinship"),
            EmployerRelation,
            relation_visible_to,
            view=Permission.VIEW,
            attach=Permission.EDIT,
            remove=Permission.EDIT,
            employer_id=lambda one: one.subject_id,
            title=lambda one: f"{one.subject.name} · {one.object.name}",
            endpoint="identity.relation",
            argument="relation_id",
        ),
        RecordKind(
            "former_name",
            _l("Former name"),
            FormerName,
            name_visible_to,
            view=Permission.VIEW,
            attach=Permission.EDIT,
            remove=Permission.EDIT,
            employer_id=lambda one: one.employer_id,
            title=lambda one: one.name,
            endpoint="identity.former_name",
            argument="name_id",
        ),
        RecordKind(
            "verification",
            _l("Verification"),
            Verification,
            verification_visible_to,
            view=Permission.VIEW,
            attach=Permission.VERIFY,
            remove=Permission.VERIFY,
            employer_id=lambda one: one.employer_id,
            title=lambda one: one.question,
            endpoint="identity.verification",
            argument="verification_id",
        ),
    ),
    panels=(
        Panel(
            "identity",
            _l("Kinship and verifications"),
            "employers/identity/_panel.html",
            lambda employer, actor: {
                "kinship": kinship(employer.id, actor),
                "subject_labels": SUBJECT_LABELS,
                "object_labels": OBJECT_LABELS,
            },
            Permission.VIEW,
            45,
        ),
    ),
    movers=(
        Mover(
            "employer_relations",
            _KINSHIP,
            "subject_id",
            distinct=("kind", "object_id"),
            apart="object_id",
            anchor="identity",
        ),
        Mover(
            "employer_relations",
            _KINSHIP,
            "object_id",
            distinct=("kind", "subject_id"),
            apart="subject_id",
            anchor="identity",
        ),
        Mover("identity_files", _l("Contacts on file"), anchor="identity"),
        Mover("identity_files", _l("Contacts on file"), "contact_id", of=PEOPLE),
        Mover("verifications", _l("Verifications"), anchor="identity"),
        Mover("verifications", _l("Verifications"), "contact_id", of=PEOPLE),
    ),
)
