"""What the author of a campaign by letter fills in."""

from datetime import date

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import IntegerField, SelectField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from app.core.criteria import segments
from app.core.forms.choices import offered
from app.core.permissions import Actor
from app.employers.lists import LIST
from campaigns.channels.letter import text
from campaigns.channels.letter.issued.forms import asked_for, letter_form
from campaigns.channels.letter.issued.queries import KNOWN
from campaigns.channels.letter.models import LetterVersion, VariableKind
from campaigns.drafting.forms import CONTACT_ORDER_LABELS, NO_SEGMENT, segments_offered
from campaigns.drafting.letters.services import LetterWish
from campaigns.drafting.models import Campaign, ContactOrder
from campaigns.drafting.policy import MOST_HELD_OUT


class LetterWishForm(FlaskForm):  # type: ignore[misc]
    """To whom; `campaign_form` adds what the outline asks for."""

    name = StringField(_l("Name of the campaign"), [InputRequired(), Length(max=120)])
    segment_id = SelectField(_l("To whom (saved segment)"), [InputRequired()], coerce=int)
    contact_order = SelectField(
        _l("To whose attention"),
        choices=offered(CONTACT_ORDER_LABELS | {ContactOrder.EMPLOYER: _l("The employer itself")}),
        default=ContactOrder.EMPLOYER.value,
    )
    frequency_days = IntegerField(
        _l("Leave out whoever got a letter within (days)"),
        [InputRequired(), NumberRange(0, 365)],
        default=30,
    )
    hold_out = IntegerField(
        _l("Hold out by lot, to compare with (of a hundred)"),
        [Optional(), NumberRange(0, MOST_HELD_OUT)],
        default=0,
    )


def asked(version: LetterVersion) -> tuple[text.Asked, ...]:
    """What the outline needs and nobody knows of the employers; our own telephone number is known."""
    return asked_for(version, dict.fromkeys((*KNOWN, "phone"), ""))


def campaign_form(version: LetterVersion) -> type[FlaskForm]:
    """The form of this outline."""
    return letter_form(asked(version), LetterWishForm)


def typed_again(version: LetterVersion, campaign: Campaign) -> dict[str, str]:
    """What the author had filled in, for the form."""
    given = (campaign.letter or {}).get("values", {})
    return {one.name: text.typed(one.kind, given[one.name]) for one in asked(version) if one.name in given}


def offer_segments(form: FlaskForm, actor: Actor, campaign: Campaign | None = None) -> None:
    """The segments this author may use; the one in use stays even if it is somebody else's."""
    form["segment_id"].choices = segments_offered(actor, campaign)


def wish_of(
    form: FlaskForm, version: LetterVersion, given: dict[str, str], actor: Actor, campaign: Campaign | None
) -> LetterWish:
    """What was filled in, with the criteria as the segment has them now. Raises NotFound."""
    chosen = form["segment_id"].data or None
    kept = campaign is not None and chosen == campaign.segment_id
    criteria = (
        campaign.criteria if campaign and kept else segments.get(chosen or NO_SEGMENT, actor, LIST).tree
    )
    return LetterWish(
        name=(form["name"].data or "").strip(),
        segment_id=chosen,
        criteria=criteria,
        version=version,
        given=given,
        deadline=_deadline(form, version),
        contact_order=ContactOrder(form["contact_order"].data),
        frequency_days=form["frequency_days"].data or 0,
        hold_out=form["hold_out"].data or 0,
    )


def _deadline(form: FlaskForm, version: LetterVersion) -> date | None:
    days = [one for one in asked(version) if one.name == "deadline" and one.kind is VariableKind.DATE]
    return date.fromisoformat(form["deadline"].data) if days and form["deadline"].data else None
