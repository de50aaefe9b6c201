"""The list of visits and calls."""

from collections.abc import Callable

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import joinedload

from app.accounts.lists import user_field
from app.accounts.queries import name_of
from app.core.criteria.trees import Field, Kind, choices_of, rule
from app.core.links import url_if
from app.core.listing.page import Column, Empty, Link, ListPage, Quick
from app.employers.models import Contact, Employer
from app.employers.policy import Permission as EmployerPermission
from app.employers.search.queries import matching
from app.outreach.models import (
    KIND_LABELS,
    MODE_LABELS,
    OUTCOME_LABELS,
    OUTCOME_TONES,
    TOPIC_LABELS,
    Visit,
    VisitKind,
)
from app.outreach.policy import Permission
from app.outreach.queries import listed

_employer_name = select(Employer.name).where(Employer.id == Visit.employer_id).scalar_subquery()


def _met_so(kind: VisitKind) -> Callable[[ColumnElement[bool]], ColumnElement[bool]]:
    """Lifts a condition on a meeting of this kind to one on its employer."""
    return lambda found: (
        select(Visit.id).where(Visit.employer_id == Employer.id, Visit.kind == kind, found).exists()
    )


def _met_somehow(found: ColumnElement[bool]) -> ColumnElement[bool]:
    return select(Visit.id).where(Visit.employer_id == Employer.id, found).exists()


_CARE = _l("Care")

#: what criteria over employers may ask of visits and calls
EMPLOYER_FIELDS = (
    Field("visit", _l("Visit"), Kind.EVENT, Visit.at, within=_met_so(VisitKind.VISIT), group=_CARE),
    Field("call", _l("Phone call"), Kind.EVENT, Visit.at, within=_met_so(VisitKind.CALL), group=_CARE),
    Field(
        "meeting", _l("Visit, call or other meeting"), Kind.EVENT, Visit.at, within=_met_somehow, group=_CARE
    ),
    Field(
        "meeting_outcome",
        _l("Outcome of a visit or call"),
        Kind.CHOICE,
        Visit.outcome,
        choices=choices_of(OUTCOME_LABELS),
        within=_met_somehow,
        group=_CARE,
    ),
)


def _met(visit: Visit) -> str:
    return visit.contact.name if visit.contact else visit.met_name


def _topics(visit: Visit) -> list[object]:
    return [TOPIC_LABELS.get(topic, topic) for topic in visit.topics]


VISITS = ListPage(
    name="visits",
    endpoint="outreach.index",
    title=_l("Visits and calls"),
    select=listed,
    key=Visit.id,
    search=lambda text: Visit.employer_id.in_(select(Employer.id).where(matching(text))),
    search_hint=_l("Employer's name, code or pinyin"),
    default_sort="-at",
    fields=(
        Field("at", _l("When"), Kind.MOMENT, Visit.at),
        Field("kind", _l("Kind"), Kind.CHOICE, Visit.kind, choices=choices_of(KIND_LABELS)),
        Field("outcome", _l("Outcome"), Kind.CHOICE, Visit.outcome, choices=choices_of(OUTCOME_LABELS)),
        user_field("by", _l("Logged by"), Visit.by_id),
        Field(
            "service_mode", _l("Special service"), Kind.CHOICE, Visit.service_mode,
            choices=choices_of(MODE_LABELS),
        ),
        Field("summary", _l("What was said"), Kind.TEXT, Visit.summary),
        Field("next_step", _l("Next step"), Kind.TEXT, Visit.next_step),
    ),
    columns=(
        Column(
            "employer", _l("Employer"), value=lambda row: row.employer.name, sort=_employer_name,
            link=lambda row: url_if("outreach.show", id=row.id),
            options=(joinedload(Visit.employer).load_only(Employer.id, Employer.name),),
        ),
        Column("at", _l("When"), sort=Visit.at, falling=True),
        Column("kind", _l("Kind"), value=lambda row: KIND_LABELS[row.kind], sort=Visit.kind),
        Column(
            "outcome", _l("Outcome"), sort=Visit.outcome,
            badge=lambda row: (OUTCOME_LABELS[row.outcome], OUTCOME_TONES[row.outcome]),
        ),
        Column(
            "met", _l("Met"), value=_met, shown=False,
            options=(joinedload(Visit.contact).load_only(Contact.id, Contact.name),),
        ),
        Column("topics", _l("Topics"), value=_topics),
        Column("next_step", _l("Next step")),
        Column("next_due_on", _l("Due on"), sort=Visit.next_due_on),
        Column(
            "by", _l("Logged by"), value=lambda row: row.by.name,
            options=(name_of(Visit.by),),
        ),
        Column("summary", _l("What was said"), shown=False),
        Column(
            "service_mode", _l("Special service"), shown=False,
            value=lambda row: MODE_LABELS[row.service_mode] if row.service_mode else None,
        ),
    ),
    quick=(
        Quick("mine", _l("Mine"), (rule("by", "is_me"),)),
        Quick("visits", _l("Visits"), (rule("kind", "in", ["visit"]),)),
        Quick("calls", _l("Calls"), (rule("kind", "in", ["call"]),)),
        Quick("refused", _l("Refused"), (rule("outcome", "in", ["refused"]),)),
    ),
    links=(Link(_l("Log a visit or call"), "outreach.new", Permission.LOG, "plus-lg", "primary"),),
    empty=Empty(
        _l("No visits yet"), _l("Log the first one: it takes less than a minute on a phone."),
        _l("Log a visit or call"), "outreach.new", "geo-alt",
    ),
    export_permission=EmployerPermission.EXPORT,
)  # fmt: skip
