"""The lists of drafting: campaigns, and the audience of one of them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy import Select
from sqlalchemy.orm import joinedload
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from app.accounts.lists import branch_field, user_field
from app.core.clock import now
from app.core.criteria.segments import LONGEST_NAME
from app.core.criteria.trees import Field, Kind, choices_of, rule
from app.core.language.formats import masked_phone, moment
from app.core.links import url_if
from app.core.listing.page import BulkAction, Column, Empty, Link, ListPage, Quick
from app.core.permissions import Actor
from app.employers.handpicked.lists import ADD, AddForm, filled, include_chosen
from app.employers.models import Contact, Employer
from app.employers.policy import Permission as Reveal
from campaigns.drafting import queries
from campaigns.drafting.audience.services import leave_out, take_in
from campaigns.drafting.content.policy import MESSAGE_CLASS_LABELS
from campaigns.drafting.models import AudienceMember, Campaign, CampaignState, Exclusion
from campaigns.drafting.policy import Permission, visible_to
from campaigns.drafting.queries import CHANNEL_LABELS, EXCLUSION_LABELS
from campaigns.drafting.workflow import CAMPAIGN

#: Before these, there is nothing to show but the draft.
UNSENT = (CampaignState.DRAFT, CampaignState.SUBMITTED, CampaignState.APPROVED)


def address(campaign: Campaign) -> str:
    """Where a campaign is looked at: the draft before its launch, the balance after it."""
    launched = url_if("results.show", id=campaign.id) if campaign.launched_at else None
    return launched or url_for("drafting.show", id=campaign.id)


class AudienceForm(AddForm):
    """Whom to write to, as a segment chosen by hand; a new one has the moment in its name."""

    name = StringField(
        _l("Name of a new segment"),
        validators=[Length(max=LONGEST_NAME)],
        default=lambda: _("Campaign of %(moment)s", moment=moment(now())),
    )


def _next(answers: Mapping[str, Any], actor: Actor) -> tuple[Any, str] | None:
    segment = filled(answers, actor)
    url = url_if("drafting.new", segment=segment.id) if segment else None
    return (_l("Draft the campaign"), url) if url else None


#: from rows of employers to a campaign: they become a segment, which is the audience
START = replace(
    ADD,
    name="campaign",
    label=_l("Start a campaign"),
    permission=Permission.DRAFT,
    act=include_chosen,
    form=AudienceForm,
    icon="megaphone",
    next_step=_next,
)


def _campaigns(actor: Actor | None) -> Select[Campaign]:
    return queries.listed().where(visible_to(actor))


def _state(campaign: Campaign) -> tuple[Any, str]:
    state = CAMPAIGN.state_of(campaign)
    return state.label, state.tone


CAMPAIGNS = ListPage(
    name="campaigns",
    endpoint="drafting.index",
    title=_l("Campaigns"),
    select=_campaigns,
    key=Campaign.id,
    columns=(
        Column("name", _l("Campaign"), sort=Campaign.name, link=address),
        Column("state", _l("State"), badge=_state, sort=Campaign.state),
        Column("channel", _l("Channel"), lambda c: CHANNEL_LABELS[c.channel], sort=Campaign.channel),
        Column(
            "message_class",
            _l("Kind of message"),
            lambda c: MESSAGE_CLASS_LABELS[c.message_class],
            sort=Campaign.message_class,
        ),
        Column("audience_size", _l("In the segment"), sort=Campaign.audience_size, falling=True, number=True),
        Column("recipients", _l("Recipients"), sort=Campaign.recipients, falling=True, number=True),
        Column("created_by", _l("Author"), lambda c: c.created_by.name),
        Column("branch", _l("Branch"), lambda c: c.branch.name, shown=False),
        Column("launched_at", _l("Launched"), sort=Campaign.launched_at, falling=True),
        Column("created_at", _l("Drafted"), sort=Campaign.created_at, falling=True),
    ),
    default_sort="-created_at",
    fields=(
        Field("name", _l("Campaign"), Kind.TEXT, Campaign.name),
        Field("state", _l("State"), Kind.CHOICE, Campaign.state, choices=CAMPAIGN.choices),
        Field("channel", _l("Channel"), Kind.CHOICE, Campaign.channel, choices=choices_of(CHANNEL_LABELS)),
        Field(
            "message_class",
            _l("Kind of message"),
            Kind.CHOICE,
            Campaign.message_class,
            choices=choices_of(MESSAGE_CLASS_LABELS),
        ),
        Field("recipients", _l("Recipients"), Kind.NUMBER, Campaign.recipients),
        Field("created_at", _l("Drafted"), Kind.MOMENT, Campaign.created_at),
        Field("launched_at", _l("Launched"), Kind.MOMENT, Campaign.launched_at),
        user_field("author", _l("Author"), Campaign.created_by_id),
        branch_field("branch", _l("Branch"), Campaign.branch_id),
    ),
    search=lambda words: Campaign.name.contains(words, autoescape=True),
    search_hint=_l("Name of the campaign"),
    quick=(
        Quick("waiting", _l("Awaiting approval"), (rule("state", "in", [CampaignState.SUBMITTED.value]),)),
        Quick("running", _l("Sending"), (rule("state", "in", [CampaignState.RUNNING.value]),)),
    ),
    links=(
        Link(_l("New campaign"), "drafting.new", Permission.DRAFT, "plus-lg", "primary"),
        Link(_l("New campaign by letter"), "letter_drafts.choose", Permission.DRAFT, "envelope-paper"),
        Link(_l("Audience from a list"), "uploads.upload", Permission.DRAFT, "filetype-xlsx"),
    ),
    empty=Empty(
        _l("No campaign yet"),
        _l("Write to the contacts of a saved segment; a second person approves it, then it is sent."),
        _l("New campaign"),
        "drafting.new",
        "megaphone",
    ),
    export_permission=Permission.VIEW,
)


def with_recipients(query: Select[Any], row: Any) -> Select[Any]:
    """Rows of a campaign (its audience, its messages) with the employer and contact they are meant for."""
    joined = query.join(Employer, Employer.id == row.employer_id)
    return joined.outerjoin(Contact, Contact.id == row.contact_id)


def employer_column(row: Any) -> Column:
    return Column(
        "employer",
        _l("Employer"),
        lambda r: r.employer.name,
        sort=Employer.name,
        link=lambda r: url_if("employers.show", employer_id=r.employer_id),
        options=(joinedload(row.employer).load_only(Employer.id, Employer.name, Employer.arrears_months),),
    )


def contact_columns(row: Any) -> tuple[Column, Column]:
    """Whom it is for, and at which number: masked on the page, in full only for those who may reveal it."""
    contact = Column(
        "contact",
        _l("Contact"),
        lambda r: r.contact.name if r.contact else None,
        sort=Contact.name,
        options=(joinedload(row.contact).load_only(Contact.id, Contact.name),),
    )
    phone = Column("phone", _l("Mobile"), format=masked_phone, export=lambda r: r.phone, personal=True)
    return contact, phone


def position_column(row: Any) -> Column:
    return Column("position", _l("Order"), lambda r: r.id, sort=row.id, shown=False)


def recipient_fields(row: Any) -> tuple[Field, Field]:
    return (
        Field("employer", _l("Employer"), Kind.TEXT, Employer.name),
        Field("phone", _l("Mobile"), Kind.CODE, row.phone),
    )


def _members(_actor: Actor | None, campaign: Campaign) -> Select[AudienceMember]:
    """The campaign handed in was found in the actor's reach."""
    return with_recipients(queries.members(campaign.id), AudienceMember)


class LeaveOutForm(FlaskForm):  # type: ignore[misc]
    reason = StringField(_l("Why they are left out"), [InputRequired(), Length(max=200)])


def _leave_out(member: AudienceMember, actor: Actor, form: FlaskForm) -> None:
    leave_out(member, form.reason.data or "", actor)


def _take_in(member: AudienceMember, actor: Actor, _form: FlaskForm) -> None:
    take_in(member, actor)


BY_HAND = (
    BulkAction(
        "leave_out", _l("Leave out of this campaign"), Permission.DRAFT, act=_leave_out, form=LeaveOutForm,
        icon="person-dash",
    ),
    BulkAction("take_in", _l("Take in again"), Permission.DRAFT, act=_take_in, icon="person-plus"),
)  # fmt: skip


def _outcome(member: AudienceMember) -> tuple[Any, str]:
    if member.excluded is None:
        return _l("Receives a message"), "good"
    return EXCLUSION_LABELS[member.excluded], "active" if member.excluded is Exclusion.MERGED else "warning"


AUDIENCE = ListPage(
    name="campaign_audience",
    title=_l("Audience"),
    select=_members,
    key=AudienceMember.id,
    columns=(
        employer_column(AudienceMember),
        Column("outcome", _l("Outcome"), badge=_outcome, sort=AudienceMember.excluded),
        Column(
            "reading",
            _l("Preview"),
            lambda _member: _("Preview"),
            link=lambda m: url_for("drafting.one_reads", id=m.campaign_id, member=m.id),
            export=lambda _member: None,
        ),
        *contact_columns(AudienceMember),
        Column("address", _l("Address"), shown=False),
        Column("months", _l("Months in arrears"), lambda m: m.employer.arrears_months, number=True),
        position_column(AudienceMember),
    ),
    default_sort="position",
    fields=(
        Field(
            "excluded",
            _l("Left out because"),
            Kind.CHOICE,
            AudienceMember.excluded,
            choices=choices_of(EXCLUSION_LABELS),
        ),
        *recipient_fields(AudienceMember),
    ),
    quick=(
        Quick("receive", _l("Receive a message"), (rule("excluded", "empty"),)),
        Quick("left_out", _l("Left out or joined"), (rule("excluded", "not_empty"),)),
    ),
    bulk=BY_HAND,
    export_permission=Permission.VIEW,
    reveal_permission=Reveal.REVEAL,
    template="campaigns/drafting/list.html",
)
