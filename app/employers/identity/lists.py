"""The register of renamed and related employers, and the log of verifications."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import joinedload, lazyload, selectinload

from app.accounts.lists import user_field
from app.accounts.models import User
from app.core.clock import today
from app.core.criteria.trees import Field, Kind, choices_of, rule
from app.core.language import formats
from app.core.links import url_if
from app.core.listing.page import Column, Empty, Link, ListPage, Quick
from app.employers.identity import queries
from app.employers.identity.models import (
    KIND_LABELS,
    RESULT_LABELS,
    RESULT_TONES,
    WAY_LABELS,
    EmployerRelation,
    IdentityFile,
    Verification,
)
from app.employers.identity.policy import Permission
from app.employers.lists import employer_fields
from app.employers.models import Employer, FormerName
from app.employers.policy import Permission as EmployerPermission
from app.employers.search.queries import matching

_employer_name = select(Employer.name).where(Employer.id == Verification.employer_id).scalar_subquery()


def _related(found: ColumnElement[bool]) -> ColumnElement[bool]:
    """A relation that holds, on either side."""
    relation = EmployerRelation
    mine = or_(relation.subject_id == Employer.id, relation.object_id == Employer.id)
    here = select(relation.id).where(mine, or_(relation.until.is_(None), relation.until >= today()), found)
    return here.correlate(Employer).exists()


_renamed = select(FormerName.id).where(FormerName.employer_id == Employer.id).exists()
_filed = select(IdentityFile.id).where(IdentityFile.employer_id == Employer.id).exists()

#: what criteria over employers may ask of the register
FIELDS = (
    Field(
        "relation",
        _l("Relation to another employer"),
        Kind.CHOICE,
        EmployerRelation.kind,
        choices=choices_of(KIND_LABELS),
        within=_related,
        group=_l("Identity"),
    ),
    Field(
        "was_renamed",
        _l("Had another name"),
        Kind.BOOL,
        _renamed,
        group=_l("Identity"),
        denied=_l("Never had another name"),
    ),
    Field(
        "contact_on_file",
        _l("Has put a contact on file"),
        Kind.BOOL,
        _filed,
        group=_l("Identity"),
        denied=_l("Has put no contact on file"),
    ),
)

REGISTER = ListPage(
    name="register",
    endpoint="identity.register",
    title=_l("Renamed and related employers"),
    lead=_l("Whom to ask, so that nobody has to fetch a certificate from a renamed or related employer."),
    select=queries.register,
    key=Employer.id,
    fields=employer_fields,
    search=matching,
    search_hint=_l("Present or former name, code or pinyin"),
    default_sort="name",
    columns=(
        Column(
            "name", _l("Employer name"), value=lambda row: row.Employer.name, sort=Employer.name,
            link=lambda row: url_if("identity.show", employer_id=row.Employer.id),
        ),
        Column(
            "former_names", _l("Former names"),
            value=lambda row: [one.name for one in row.Employer.former_names],
            options=(selectinload(Employer.former_names),),
        ),
        Column("superior", _l("Superior or group")),
        Column("responsible", _l("Who answers"), sort=queries.responsible_name),
        Column(
            "mobile", _l("Mobile"), format=formats.masked_phone, export=lambda row: row.mobile,
            personal=True,
        ),
        Column("filed_on", _l("On file since"), sort=queries.filed_on, falling=True),
        Column(
            "verified", _l("Trips spared"), sort=queries.verified_count, falling=True, number=True
        ),
    ),
    quick=(
        Quick("unfiled", _l("Nobody on file yet"), (rule("contact_on_file", "no"),)),
        Quick("renamed", _l("Renamed"), (rule("was_renamed", "yes"),)),
    ),
    links=(Link(_l("Log of verifications"), "identity.log", Permission.VIEW, "patch-check"),),
    empty=Empty(
        _l("No renamed or related employers yet"),
        _l("Record former names and kinship on an employer's page: they are listed here."),
    ),
    export_permission=EmployerPermission.EXPORT,
    reveal_permission=EmployerPermission.REVEAL,
)  # fmt: skip

LOG = ListPage(
    name="verifications",
    endpoint="identity.log",
    title=_l("Log of verifications"),
    lead=_l("What employers confirmed on behalf of their people, who were spared a walk."),
    select=queries.verifications,
    key=Verification.id,
    default_sort="-at",
    search=lambda text: Verification.employer_id.in_(select(Employer.id).where(matching(text))),
    search_hint=_l("Employer's name, code or pinyin"),
    fields=(
        Field("at", _l("When"), Kind.MOMENT, Verification.at),
        Field("result", _l("Result"), Kind.CHOICE, Verification.result, choices=choices_of(RESULT_LABELS)),
        Field("way", _l("How"), Kind.CHOICE, Verification.way, choices=choices_of(WAY_LABELS)),
        Field("person", _l("Whom it is about"), Kind.TEXT, Verification.person),
        Field("question", _l("What was verified"), Kind.TEXT, Verification.question),
        user_field("by", _l("Logged by"), Verification.by_id),
    ),
    columns=(
        Column(
            "employer", _l("Employer"), value=lambda row: row.employer.name, sort=_employer_name,
            link=lambda row: url_if("identity.show", employer_id=row.employer_id),
            options=(joinedload(Verification.employer),),
        ),
        Column("at", _l("When"), sort=Verification.at, falling=True),
        Column("person", _l("Whom it is about")),
        Column("question", _l("What was verified")),
        Column(
            "result", _l("Result"), sort=Verification.result,
            badge=lambda row: (RESULT_LABELS[row.result], RESULT_TONES[row.result]),
        ),
        Column("way", _l("How"), value=lambda row: WAY_LABELS[row.way], sort=Verification.way),
        Column("answered_by", _l("Who answered"), sort=Verification.answered_by),
        Column("materials", _l("Documents filed"), sort=Verification.materials, shown=False),
        Column(
            "by", _l("Logged by"), value=lambda row: row.by.name,
            options=(joinedload(Verification.by).options(lazyload(User.branch), lazyload(User.roles)),),
        ),
    ),
    quick=(
        Quick("mine", _l("Mine"), (rule("by", "is_me"),)),
        Quick("pending", _l("Answer outstanding"), (rule("result", "in", ["pending"]),)),
    ),
    empty=Empty(_l("Nothing was verified yet"), _l("Log the first one from an employer's page.")),
    export_permission=EmployerPermission.EXPORT,
)  # fmt: skip
