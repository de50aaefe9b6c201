"""The list of a campaign's messages: the rows behind every number of its page."""

from dataclasses import replace
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy import ColumnElement, Select
from sqlalchemy.orm import joinedload
from wtforms import RadioField, StringField
from wtforms.validators import InputRequired, Length

from app.accounts.lists import branch_field, user_field
from app.core.criteria.trees import Field, Kind, choices_of, rule
from app.core.errors import DomainError
from app.core.forms.choices import offered
from app.core.links import url_if
from app.core.listing.page import BulkAction, Column, ListPage, Quick
from app.core.permissions import Actor
from app.employers.areas.lists import PLACE
from app.employers.models import Employer
from app.employers.policy import Permission as Reveal
from campaigns.channels.letter.issued.lists import reason_of
from campaigns.channels.letter.issued.models import Letter
from campaigns.channels.letter.issued.workflow import LETTER
from campaigns.drafting.content.policy import conceal
from campaigns.drafting.lists import (
    contact_columns,
    employer_column,
    position_column,
    recipient_fields,
    with_recipients,
)
from campaigns.drafting.models import Campaign
from campaigns.drafting.policy import Permission
from campaigns.drafting.queries import EXCLUSION_LABELS
from campaigns.gateways.codes import FAILURES
from campaigns.ledger.letters.policy import REASONS as LETTER_REASONS
from campaigns.ledger.letters.queries import OF_MESSAGE
from campaigns.ledger.models import Message, MessageState
from campaigns.ledger.services import controlling
from campaigns.ledger.services.settling import settle_by_officer
from campaigns.ledger.workflow import LABELS, LETTER_LABELS
from campaigns.results import queries

STATE_CHOICES = tuple((state.value, label) for state, (label, _tone) in LABELS.items())

#: Why a message was left out, and why one was not delivered; a number may be dead for either.
LEFT_OUT: dict[str, Any] = {reason.value: label for reason, label in EXCLUSION_LABELS.items()}
NOT_DELIVERED: dict[str, Any] = {reason.value: label for reason, label in FAILURES.items()}
REASONS: dict[str, Any] = NOT_DELIVERED | LEFT_OUT


def _reason(message: Message) -> Any:
    words = LEFT_OUT if message.state is MessageState.SUPPRESSED else NOT_DELIVERED
    return words.get(message.reason or "") or REASONS.get(message.reason or "")


class SettleForm(FlaskForm):  # type: ignore[misc]
    """What an officer found out about messages that no gateway can tell about."""

    outcome = RadioField(
        _l("What became of them?"),
        [InputRequired()],
        choices=offered([("delivered", _l("They arrived")), ("failed", _l("They did not arrive"))]),
    )
    evidence = StringField(
        _l("How do you know?"),
        [InputRequired(), Length(max=200)],
        description=_l("For example: asked the operator's service on 12 March. It is kept with the message."),
    )


def _settle(message: Message, actor: Actor, form: FlaskForm) -> None:
    if message.state is not MessageState.UNKNOWN:
        raise DomainError(_l("This message is not in doubt."))
    delivered = form["outcome"].data == "delivered"
    settle_by_officer(message.campaign_id, [message.id], delivered, form["evidence"].data or "", actor)
    controlling.finish_done()


#: Which row it is, where its employer was when it was planned, and who looked after it then.
PLACES = (
    Field("row", _l("Row of the ledger"), Kind.NUMBER, Message.id),
    branch_field("branch", _l("Branch"), Message.branch_id),
    replace(PLACE, expression=Message.area_id),
    user_field("owner", _l("Responsible specialist"), Message.owner_id),
)

#: What the reader did, on the page of the message or of the letter.
READ = (
    Field("opened_at", _l("Opened by the reader"), Kind.MOMENT, queries.OPENED),
    Field("confirmed_at", _l("Confirmed"), Kind.MOMENT, queries.CONFIRMED),
    Field("asked_at", _l("Asked for help"), Kind.MOMENT, queries.ASKED),
    Field("replied", _l("Replied or asked for help"), Kind.BOOL, queries.REPLIED),
    Field("sent", _l("Sent"), Kind.BOOL, queries.SENT),
)


def _messages(_actor: Actor | None, campaign: Campaign, *conditions: ColumnElement[bool]) -> Select[Message]:
    """The campaign handed in was found in the actor's reach."""
    rows = with_recipients(queries.messages(campaign.id), Message)
    return rows.outerjoin(Letter, OF_MESSAGE).where(*conditions)


MESSAGES = ListPage(
    name="campaign_messages",
    title=_l("Messages"),
    select=_messages,
    key=Message.id,
    columns=(
        employer_column(Message),
        Column("state", _l("State"), badge=lambda m: LABELS[m.state], sort=Message.state),
        Column("reason", _l("Reason"), _reason, sort=Message.reason),
        *contact_columns(Message),
        Column("segments", _l("SMS segments"), sort=Message.segments, number=True, shown=False),
        Column("text", _l("Text"), lambda m: conceal(m.text), shown=False),
        Column("submitted_at", _l("Sent"), sort=Message.submitted_at, falling=True),
        Column("settled_at", _l("Settled"), sort=Message.settled_at, falling=True, shown=False),
        Column("opened_at", _l("Opened by the reader"), sort=Message.opened_at, falling=True),
        Column("confirmed_at", _l("Confirmed"), sort=Message.confirmed_at, falling=True),
        Column("asked_at", _l("Asked for help"), sort=Message.asked_at, falling=True),
        position_column(Message),
    ),
    default_sort="position",
    fields=(
        Field("state", _l("State"), Kind.CHOICE, Message.state, choices=STATE_CHOICES),
        Field("reason", _l("Reason"), Kind.CHOICE, Message.reason, choices=choices_of(REASONS)),
        *recipient_fields(Message),
        *READ,
        *PLACES,
    ),
    quick=(
        Quick("delivered", _l("Delivered"), (rule("state", "in", ["delivered"]),)),
        Quick("trouble", _l("In trouble"), (rule("state", "in", ["failed", "expired", "unknown"]),)),
        Quick("left_out", _l("Left out"), (rule("state", "in", ["suppressed"]),)),
    ),
    bulk=(
        BulkAction(
            "settle", _l("Settle by hand"), Permission.CONTROL, _settle, form=SettleForm, icon="check2-square"
        ),
    ),
    export_permission=Permission.VIEW,
    reveal_permission=Reveal.REVEAL,
    template="campaigns/drafting/list.html",
)


def _letters(actor: Actor | None, campaign: Campaign, *conditions: ColumnElement[bool]) -> Select[Message]:
    return _messages(actor, campaign, *conditions).options(joinedload(Message.letter))


def _why(message: Message) -> Any:
    if message.letter is not None and (said := reason_of(message.letter)):
        return said
    return LETTER_REASONS.get(message.reason or "") or LEFT_OUT.get(message.reason or "")


def _stands(message: Message) -> tuple[Any, str] | None:
    state = LETTER.state_of(message.letter) if message.letter else None
    return (state.label, state.tone) if state else None


LETTERS = ListPage(
    name="campaign_letters",
    title=_l("Letters"),
    select=_letters,
    key=Message.id,
    columns=(
        employer_column(Message),
        Column("state", _l("State"), badge=lambda m: LETTER_LABELS[m.state], sort=Message.state),
        Column(
            "number",
            _l("Number of the letter"),
            lambda m: m.letter.number if m.letter else None,
            sort=Letter.serial,
            link=lambda m: url_if("letters.show", id=m.letter.id) if m.letter else None,
        ),
        Column("letter_state", _l("At the post"), badge=_stands, sort=Letter.state),
        Column("reason", _l("Reason"), _why, sort=Message.reason),
        Column("address", _l("Address"), lambda m: m.letter.address if m.letter else None),
        Column(
            "posted_on", _l("Posted on"), lambda m: m.letter and m.letter.posted_on, sort=Letter.posted_on
        ),
        Column(
            "tracking_no",
            _l("Tracking number"),
            lambda m: m.letter.tracking_no if m.letter else None,
            sort=Letter.tracking_no,
        ),
        Column(
            "opened_at", _l("Opened by the reader"), lambda m: m.letter and m.letter.opened_at, shown=False
        ),
        Column("confirmed_at", _l("Confirmed"), lambda m: m.letter and m.letter.confirmed_at, shown=False),
        Column("submitted_at", _l("Made"), sort=Message.submitted_at, falling=True, shown=False),
        Column("settled_at", _l("Settled"), sort=Message.settled_at, falling=True, shown=False),
        position_column(Message),
    ),
    default_sort="position",
    fields=(
        Field(
            "state",
            _l("State"),
            Kind.CHOICE,
            Message.state,
            choices=tuple((state.value, label) for state, (label, _tone) in LETTER_LABELS.items()),
        ),
        Field("letter_state", _l("At the post"), Kind.CHOICE, Letter.state, choices=LETTER.choices),
        Field(
            "reason", _l("Reason"), Kind.CHOICE, Message.reason, choices=choices_of(LETTER_REASONS | LEFT_OUT)
        ),
        Field("employer", _l("Employer"), Kind.TEXT, Employer.name),
        Field("serial", _l("Serial number"), Kind.NUMBER, Letter.serial),
        Field("tracking_no", _l("Tracking number"), Kind.TEXT, Letter.tracking_no),
        *READ,
        *PLACES,
    ),
    quick=(
        Quick("delivered", _l("Delivered"), (rule("state", "in", ["delivered"]),)),
        Quick("trouble", _l("In trouble"), (rule("state", "in", ["failed", "expired"]),)),
        Quick("left_out", _l("Left out"), (rule("state", "in", ["suppressed"]),)),
    ),
    export_permission=Permission.VIEW,
    template="campaigns/drafting/list.html",
)
