"""The worklist of people who may be recorded twice."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import joinedload
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from app.accounts.lists import user_field
from app.core import formats
from app.core.criteria import Field, Kind, choices_of, rule
from app.core.links import url_if
from app.core.list_parts import BulkAction
from app.core.listing import Column, Empty, Link, ListPage, Quick
from app.core.pairing import STATE_LABELS, STATE_TONES, reopen
from app.core.permissions import Actor
from app.employers.doubles import queries, services
from app.employers.doubles.models import ContactPair
from app.employers.doubles.policy import CERTAIN, RULE_LABELS
from app.employers.models import Contact
from app.employers.people.policy import Permission
from app.employers.policy import Permission as EmployerPermission

_first_name = select(Contact.name).where(Contact.id == ContactPair.first_id).scalar_subquery()


class ReasonForm(FlaskForm):  # type: ignore[misc]
    reason = StringField(_l("Why these are two persons"), validators=[InputRequired(), Length(2, 500)])


def _keep_apart(pair: ContactPair, actor: Actor, form: FlaskForm) -> None:
    services.keep_apart(pair, form.reason.data or "", actor)


def _look_again(pair: ContactPair, _actor: Actor, _form: FlaskForm) -> None:
    reopen(pair)


def _called(words: str) -> ColumnElement[bool]:
    found = select(Contact.id).where(Contact.name.icontains(words, autoescape=True))
    return ContactPair.first_id.in_(found) | ContactPair.second_id.in_(found)


def _person(contact: Contact) -> str:
    return " ".join(filter(None, (contact.name, formats.masked_phone(contact.mobile))))


def _compare(pair: ContactPair) -> str | None:
    """The record with the verified number is kept, else the older one."""
    kept, merged = pair.first, pair.second
    if merged.verified_on and not kept.verified_on:
        kept, merged = merged, kept
    return url_if("people.merge", kept_id=kept.id, merged_id=merged.id)


DOUBLES = ListPage(
    name="contact_doubles",
    endpoint="doubles.index",
    title=_l("People recorded twice?"),
    lead=_l("Records that may be one person, the surest first. Looked for every night."),
    select=queries.pairs,
    key=ContactPair.id,
    template="employers/doubles/index.html",
    default={"match": "all", "rules": [rule("state", "in", ["open"])]},
    default_sort="-score",
    search=_called,
    search_hint=_l("Name of a contact"),
    fields=(
        Field("state", _l("State"), Kind.CHOICE, ContactPair.state, choices=choices_of(STATE_LABELS)),
        Field("score", _l("Score"), Kind.NUMBER, ContactPair.score),
        Field("found_at", _l("Found"), Kind.MOMENT, ContactPair.found_at),
        user_field("decided_by", _l("Decided by"), ContactPair.decided_by_id),
    ),
    columns=(
        Column(
            "first", _l("Record"), value=lambda pair: _person(pair.first), sort=_first_name, link=_compare,
            options=(joinedload(ContactPair.first), joinedload(ContactPair.second)),
        ),
        Column(
            "second", _l("May be the same as"), value=lambda pair: _person(pair.second), link=_compare,
            options=(joinedload(ContactPair.second),),
        ),
        Column("score", _l("Score"), sort=ContactPair.score, falling=True, number=True),
        Column("rules", _l("Why"), value=lambda pair: [RULE_LABELS.get(one, one) for one in pair.rules]),
        Column(
            "state", _l("State"), sort=ContactPair.state,
            badge=lambda pair: (STATE_LABELS[pair.state], STATE_TONES[pair.state]),
        ),
        Column("reason", _l("Reason"), shown=False),
        Column("found_at", _l("Found"), sort=ContactPair.found_at, falling=True, shown=False),
    ),
    quick=(
        Quick("certain", _l("All but certain"), (rule("score", "ge", str(CERTAIN)),)),
        Quick("kept_apart", _l("Not a duplicate"), (rule("state", "in", ["distinct"]),)),
    ),
    bulk=(
        BulkAction("apart", _l("Two persons after all"), Permission.MERGE, act=_keep_apart, form=ReasonForm,
                   icon="people", tone="secondary"),
        BulkAction("again", _l("Look at it again"), Permission.MERGE, act=_look_again,
                   icon="arrow-counterclockwise", tone="secondary"),
    ),
    links=(Link(_l("Contacts"), "people.index", EmployerPermission.VIEW, "person-lines-fill"),),
    empty=Empty(
        _l("Nobody is recorded twice"),
        _l("Records that share a number, or a name at one employer, would be listed here."),
        icon="person-check",
    ),
)  # fmt: skip
