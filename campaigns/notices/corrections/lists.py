"""The worklist of corrections: what waits first."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.core.criteria.trees import Field, Kind, choices_of, rule
from app.core.links import url_if
from app.core.listing.page import Column, Empty, ListPage, Quick
from app.core.listing.parts import Badge
from app.employers.models import Contact, Employer
from app.employers.policy import Permission as EmployerPermission
from campaigns.notices.corrections import queries
from campaigns.notices.corrections.models import SUBJECT_LABELS, Correction
from campaigns.notices.corrections.workflow import CORRECTION


def _state(correction: Correction) -> Badge:
    state = CORRECTION.state_of(correction)
    return state.label, state.tone


_person = select(Contact.name).where(Contact.id == Correction.contact_id).scalar_subquery()


CORRECTIONS = ListPage(
    name="corrections",
    endpoint="corrections.index",
    title=_l("Corrections by handlers"),
    lead=_l("What handlers wrote on a notice's page. Nothing is changed until somebody approves it."),
    select=queries.listed,
    key=Correction.id,
    default={"match": "all", "rules": [rule("state", "in", ["proposed"])]},
    default_sort="created_at",
    columns=(
        Column(
            "subject",
            _l("What is wrong"),
            lambda x: SUBJECT_LABELS[x.subject],
            link=lambda x: url_if("corrections.show", id=x.id),
            sort=Correction.subject,
        ),
        Column(
            "employer",
            _l("Employer"),
            lambda x: x.employer.name,
            sort=Employer.name,
            link=lambda x: url_if("employers.show", employer_id=x.employer_id),
        ),
        Column("person", _l("Person"), lambda x: x.contact.name if x.contact else None, sort=_person),
        Column("before", _l("On record then"), sort=Correction.before),
        Column("wanted", _l("Said to be right"), sort=Correction.wanted),
        Column("state", _l("State"), badge=_state, sort=Correction.state),
        Column("created_at", _l("When it was proposed"), sort=Correction.created_at),
        Column("notice", _l("Notice"), sort=Correction.notice, shown=False),
    ),
    fields=(
        Field("state", _l("State"), Kind.CHOICE, Correction.state, choices=CORRECTION.choices),
        Field(
            "subject",
            _l("What is wrong"),
            Kind.CHOICE,
            Correction.subject,
            choices=choices_of(SUBJECT_LABELS),
        ),
        Field("employer", _l("Employer"), Kind.TEXT, Employer.name),
        Field("created_at", _l("When it was proposed"), Kind.MOMENT, Correction.created_at),
    ),
    quick=(
        Quick("open", _l("Waits to be checked"), (rule("state", "in", ["proposed"]),)),
        Quick("done", _l("Decided"), (rule("state", "in", ["approved", "refused"]),)),
    ),
    search=lambda words: Employer.name.contains(words, autoescape=True),
    search_hint=_l("Name of the employer"),
    export_permission=EmployerPermission.EXPORT,
    empty=Empty(
        _l("Nothing to check"), _l("What handlers correct on a notice's page comes here."), icon="pencil"
    ),
)
