"""The forms of drafting."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateField,
    DateTimeLocalField,
    DecimalField,
    HiddenField,
    IntegerField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional, ValidationError

from app.core.clock import SHANGHAI, local, now
from app.core.criteria import segments
from app.core.forms.choices import offered
from app.core.forms.decimals import Places
from app.core.permissions import Actor
from app.employers.lists import LIST
from campaigns.channels.letter.models import VariableKind
from campaigns.channels.letter.text import LONGEST_VALUE
from campaigns.channels.sms import text as sms
from campaigns.channels.sms.models import SmsVersion
from campaigns.drafting.content.models import Declared, declared
from campaigns.drafting.content.policy import MESSAGE_CLASS_LABELS
from campaigns.drafting.models import Campaign, ContactOrder, MessageClass
from campaigns.drafting.policy import FREQUENCY_DAYS, MOST_HELD_OUT
from campaigns.drafting.services import Wish
from campaigns.drafting.times.policy import SHUT, Terms
from campaigns.drafting.times.queries import never_opens

CONTACT_ORDER_LABELS = {
    ContactOrder.HANDLER_FIRST: _l("Handler, else person in charge, finance, personnel"),
    ContactOrder.HANDLER_ONLY: _l("Handler only"),
    ContactOrder.IN_CHARGE_FIRST: _l("Person in charge, else legal representative, handler"),
    ContactOrder.LEGAL_REP_FIRST: _l("Legal representative, else person in charge, handler"),
}


def as_moment(typed: datetime | None) -> datetime | None:
    """A time as typed, which is the department's own, with its zone."""
    return typed.replace(tzinfo=SHANGHAI) if typed else None


class MomentField(DateTimeLocalField):
    """A moment, shown and typed in the department's own time."""

    def process_data(self, value: datetime | None) -> None:
        """As the form shows it."""
        self.data = local(value).replace(tzinfo=None) if value else None


#: what was right when the form was opened is not refused
SLACK = timedelta(minutes=10)
FURTHEST, LONGEST_WINDOW = timedelta(days=366), timedelta(days=31)

#: the audience of a campaign that follows no segment: one employer, or the turn of a rule
NO_SEGMENT = 0


def segments_offered(actor: Actor, campaign: Campaign | None) -> list[Any]:
    """The segments an author may use; the audience that a campaign has stays whoever's it is."""
    found = [(segment.id, segment.name) for segment in segments.listed(LIST, actor)]
    kept = (campaign.segment_id or NO_SEGMENT) if campaign else None
    if kept is not None and kept not in dict(found):
        found.insert(0, (kept, str(_l("The present one"))))
    return offered(found)


class TimesForm(FlaskForm):  # type: ignore[misc]
    """When messages go out; a slip of the date would keep them waiting for years."""

    send_from = MomentField(_l("Not before"), [Optional()])
    send_until = MomentField(
        _l("Spread until"),
        [Optional()],
        description=_l("Messages go out evenly up to then, so that the telephones can bear the answers."),
    )
    working_days_only = BooleanField(_l("On working days only"))

    def validate_send_from(self, field: MomentField) -> None:
        at = as_moment(field.data)
        if at is not None and at > now() + FURTHEST:
            raise ValidationError(_("This is more than a year away: check the date."))

    def validate_send_until(self, field: MomentField) -> None:
        until, begins = as_moment(field.data), as_moment(self.send_from.data) or now()
        if until is not None and until > max(begins, now()) + LONGEST_WINDOW:
            days = LONGEST_WINDOW.days
            raise ValidationError(_("Messages are spread over %(days)s days at most.", days=days))


class WishForm(TimesForm):
    """What the author decides."""

    name = StringField(_l("Name of the campaign"), [InputRequired(), Length(max=120)])
    segment_id = SelectField(_l("To whom (saved segment)"), [InputRequired()], coerce=int)
    contact_order = SelectField(_l("Whom to reach there"), choices=offered(CONTACT_ORDER_LABELS))
    message_class = SelectField(_l("Kind of message"), choices=offered(MESSAGE_CLASS_LABELS))
    #: the published wording it is written with; empty: written freely
    template = HiddenField()
    template_text = TextAreaField(_l("Text"), [InputRequired(), Length(max=sms.LONGEST)])
    deadline = DateField(_l("Deadline, for {deadline}"), [Optional()])
    frequency_days = IntegerField(
        _l("Leave out whoever was written to within (days)"),
        [InputRequired(), NumberRange(0, 90)],
        default=FREQUENCY_DAYS,
    )
    verified_only = BooleanField(_l("Only to mobile numbers that were confirmed"))
    hold_out = IntegerField(
        _l("Hold out by lot, to compare with (of a hundred)"),
        [Optional(), NumberRange(0, MOST_HELD_OUT)],
        default=0,
        description=_l("They hear nothing; what they do meanwhile shows what the campaign brought."),
    )

    @classmethod
    def of(
        cls, version: SmsVersion | None, *args: Any, given: Mapping[str, str] | None = None, **kwargs: Any
    ) -> "WishForm":
        """With a field for each value that the wording asks for; it brings its own text and class."""
        if version is None:
            form = cls(*args, **kwargs)
            form.template.data = ""
            return form
        asked = [one for one in declared(version).values() if not one.known]
        fields: dict[str, Any] = {
            f"value:{one.name}": _value_field(one, (given or {}).get(one.name)) for one in asked
        }
        fields |= {"template_text": HiddenField(), "message_class": HiddenField()}
        made: WishForm = type("WishForm", (cls,), fields)(*args, **kwargs)
        made.template.data = str(version.id)
        made.template_text.data, made.message_class.data = version.text, version.template.message_class
        return made

    @property
    def values(self) -> dict[str, str]:
        """What the author filled in for the wording, by name."""
        return {f.name.partition(":")[2]: str(f.data or "") for f in self if f.name.startswith("value:")}

    def validate_send_from(self, field: MomentField) -> None:
        at = as_moment(field.data)
        if at is not None and at < now() - SLACK:
            raise ValidationError(
                _("This moment has passed: leave it empty to send as soon as it is launched.")
            )
        super().validate_send_from(field)

    def validate_send_until(self, field: MomentField) -> None:
        super().validate_send_until(field)
        begins, until = as_moment(self.send_from.data), as_moment(field.data)
        if until is None or until <= (begins or now()) or self.message_class.data not in set(MessageClass):
            return
        kind = MessageClass(self.message_class.data)
        if never_opens(Terms(kind, bool(self.working_days_only.data), begins, until)):
            raise ValidationError(SHUT)

    def offer_segments(self, actor: Actor, campaign: Campaign | None = None) -> None:
        """The segments this author may use; the one in use stays even if it is somebody else's."""
        self.segment_id.choices = segments_offered(actor, campaign)

    def wish(self, actor: Actor, campaign: Campaign | None = None) -> Wish:
        """What was filled in, with the criteria as the segment has them now. Raises NotFound."""
        chosen = self.segment_id.data or None
        kept = campaign is not None and chosen == campaign.segment_id
        criteria = (
            campaign.criteria if campaign and kept else segments.get(chosen or NO_SEGMENT, actor, LIST).tree
        )
        return Wish(
            name=(self.name.data or "").strip(),
            segment_id=chosen,
            criteria=criteria,
            message_class=MessageClass(self.message_class.data),
            template_text=(self.template_text.data or "").strip(),
            deadline=self.deadline.data,
            contact_order=ContactOrder(self.contact_order.data),
            frequency_days=self.frequency_days.data or 0,
            verified_only=bool(self.verified_only.data),
            hold_out=self.hold_out.data or 0,
            template_version_id=int(self.template.data or 0) or None,
            values=self.values,
            send_from=as_moment(self.send_from.data),
            send_until=as_moment(self.send_until.data),
            working_days_only=bool(self.working_days_only.data),
        )


def _value_field(one: Declared, given: str | None) -> StringField:
    return StringField(
        one.label,
        [InputRequired() if one.required else Optional(), Length(max=LONGEST_VALUE)],
        default=given or one.default,
        description=_l("Stands for {%(name)s} in the text.", name=one.name),
        render_kw={"type": "date"} if one.kind is VariableKind.DATE else {},
    )


class ApprovalForm(FlaskForm):  # type: ignore[misc]
    """`seen` is the seal of what the approver's page showed."""

    seen = HiddenField(validators=[InputRequired()])
    comment = TextAreaField(_l("Comment"), [Optional(), Length(max=1000)])


class ReturnForm(FlaskForm):  # type: ignore[misc]
    comment = TextAreaField(_l("What should the author change?"), [InputRequired(), Length(max=1000)])


class SenderForm(FlaskForm):  # type: ignore[misc]
    """How a branch signs."""

    signature = StringField(
        _l("Signature, without brackets"),
        [InputRequired(), Length(2, 20)],
        description=_l("As filed with the operators."),
    )
    phone = StringField(_l("Telephone number for questions"), [InputRequired(), Length(max=30)])
    price = DecimalField(
        _l("Price of a segment (yuan)"), [InputRequired(), Places(4), NumberRange(0, 10)], places=4
    )
