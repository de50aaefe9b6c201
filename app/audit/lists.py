"""The trail as a list: who did what, when, to which record."""

from flask import url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.audit import queries
from app.audit.models import AuditEvent
from app.audit.policy import Permission
from app.core.criteria.fields import Choice
from app.core.criteria.trees import Field, Kind
from app.core.db import db
from app.core.language import formats
from app.core.language.i18n import translated
from app.core.listing.page import ListPage
from app.core.listing.parts import Column, Empty, Link
from app.core.permissions import Actor

SEPARATOR = " · "


def _actions(_actor: Actor | None) -> list[Choice]:
    """What was ever done, in the reader's language."""
    found = db.session.scalars(select(AuditEvent.action).distinct())
    return sorted(((action, translated(action)) for action in found), key=lambda choice: choice[1])


def _kinds(_actor: Actor | None) -> list[Choice]:
    """What records there are: the audited tables."""
    named = ((table, queries.kind_name(table)) for table in queries.audited_tables())
    return sorted(named, key=lambda choice: choice[1])


def subject_of(event: AuditEvent) -> str:
    """The record in words: its kind and its name, or its number."""
    if not event.subject_type:
        return event.subject_name
    number = f"#{event.subject_id}" if event.subject_id.isdecimal() else event.subject_id
    name = translated(event.subject_name) or number
    return f"{queries.kind_name(event.subject_type)} {name}".strip()


def summary_of(event: AuditEvent) -> str:
    """The changed fields by name, or the other facts; of many records how many, for the page names them."""
    if fields := event.fields:
        return SEPARATOR.join(queries.name_of(name) for name in fields)
    facts = {n: v for n, v in queries.facts_of(event).items() if not n.endswith("_id")}
    return SEPARATOR.join(f"{queries.name_of(name)}: {_short(value)}" for name, value in facts.items())


def _short(value: object) -> str:
    ids = isinstance(value, list) and any(isinstance(one, int) for one in value)
    return queries.value_of(len(value) if ids else value)  # type: ignore[arg-type]


TRAIL = ListPage(
    name="audit",
    endpoint="audit.trail",
    title=_l("Audit trail"),
    lead=_l("Every change, sign-in and export, in order. Nobody can alter it unnoticed."),
    select=queries.trail,
    key=AuditEvent.id,
    columns=(
        Column(
            "at",
            _l("Time"),
            sort=AuditEvent.id,
            falling=True,
            format=formats.moment,
            link=lambda event: url_for("audit.event", event_id=event.id),
        ),
        Column("actor_name", _l("Who"), value=queries.actor_of),
        Column("action", _l("What was done"), value=lambda event: translated(event.action)),
        Column("subject", _l("Record"), value=subject_of),
        Column("summary", _l("Details"), value=summary_of, export=lambda event: event.changes),
        Column("ip", _l("Address"), shown=False),
        Column("number", _l("Number"), value=lambda event: event.id, number=True, shown=False),
    ),
    fields=(
        Field("at", _l("Time"), Kind.MOMENT, AuditEvent.at),
        Field("actor", _l("Who"), Kind.TEXT, AuditEvent.actor_name),
        Field("action", _l("What was done"), Kind.CHOICE, AuditEvent.action, choices=_actions),
        Field("kind", _l("Kind of record"), Kind.CHOICE, AuditEvent.subject_type, choices=_kinds),
        Field("record", _l("Name of the record"), Kind.TEXT, AuditEvent.subject_name),
        Field("record_id", _l("Number of the record"), Kind.CODE, AuditEvent.subject_id),
        Field("field", _l("Changed field or value"), Kind.TEXT, AuditEvent.changes),
        Field("ip", _l("Address"), Kind.CODE, AuditEvent.ip),
    ),
    search=lambda words: (
        AuditEvent.subject_name.contains(words, autoescape=True)
        | AuditEvent.actor_name.contains(words, autoescape=True)
    ),
    search_hint=_l("Person or record"),
    links=(Link(_l("Check the chain"), "audit.verify", Permission.VERIFY, "shield-check"),),
    empty=Empty(_l("No event fits"), _l("Take a filter away, or look at another time."), icon="journal-text"),
    default_sort="-at",
    export_permission=Permission.EXPORT,
)
