"""The lists of drafting: campaigns, and the audience of one of them."""

from typing import Any

from flask import url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select
from sqlalchemy.orm import joinedload

from app.accounts.lists import branch_field, user_field
from app.core.criteria import Field, Kind, choices_of, rule
from app.core.formats import masked_phone
from app.core.links import url_if
from app.core.listing import Column, Empty, Link, ListPage, Quick
from app.core.permissions import Actor
from app.employers.models import Contact, Employer
from app.employers.policy import Permission as Reveal
from campaigns.drafting import queries
from campaigns.drafting.content.policy import MESSAGE_CLASS_LABELS
from campaigns.drafting.models import AudienceMember, Campaign, CampaignState, Exclusion
from campaigns.drafting.policy import Permission, visible_to
from campaigns.drafting.queries import EXCLUSION_LABELS
from campaigns.drafting.workflow import CAMPAIGN

#: Before these, there is nothing to show but the draft.
UNSENT = (CampaignState.DRAFT, CampaignState.SUBMITTED, CampaignState.APPROVED)


def address(campaign: Campaign) -> str:
    """Where a campaign is looked at: the draft before its launch, the balance after it."""
    launched = url_if("results.show", id=campaign.id) if campaign.launched_at else None
    return launched or url_for("drafting.show", id=campaign.id)


def _campaigns(actor: Actor | None) -> Select[Campaign]:
    return queries.listed().where(visible_to(actor))


def _state(campaign: Campaign) -> tuple[Any, str]:
    state = CAMPAIGN.state_of(campaign)
    return state.label, state.tone


CAMPAIGNS = ListPage(
    name="campaigns",
    title=_l("Campaigns"),
    select=_campaigns,
    key=Campaign.id,
    columns=(
        Column("name", _l("Campaign"), sort=Campaign.name, link=address),
        Column("state", _l("State"), badge=_state, sort=Campaign.state),
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
    links=(Link(_l("New campaign"), "drafting.new", Permission.DRAFT, "plus-lg", "primary"),),
    empty=Empty(
        _l("No campaign yet"),
        _l("Write to the contacts of a saved segment; a second person approves it, then it is sent."),
        _l("New campaign"),
        "drafting.new",
        "megaphone",
    ),
    export_permission=Permission.VIEW,
)


def _members(_actor: Actor | None, campaign: Campaign) -> Select[AudienceMember]:
    """The campaign handed in was found in the actor's reach."""
    return (
        queries.members(campaign.id)
        .join(Employer, Employer.id == AudienceMember.employer_id)
        .outerjoin(Contact, Contact.id == AudienceMember.contact_id)
    )


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
        Column(
            "employer",
            _l("Employer"),
            lambda m: m.employer.name,
            sort=Employer.name,
            link=lambda m: url_if("employers.show", employer_id=m.employer_id),
            options=(joinedload(AudienceMember.employer),),
        ),
        Column("outcome", _l("Outcome"), badge=_outcome, sort=AudienceMember.excluded),
        Column("contact", _l("Contact"), lambda m: m.contact.name if m.contact else None, sort=Contact.name),
        Column(
            "phone",
            _l("Mobile"),
            format=masked_phone,
            export=lambda m: m.phone,
            personal=True,
        ),
        Column("months", _l("Months in arrears"), lambda m: m.employer.arrears_months, number=True),
        Column("position", _l("Order"), lambda m: m.id, sort=AudienceMember.id, shown=False),
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
        Field("employer", _l("Employer"), Kind.TEXT, Employer.name),
        Field("phone", _l("Mobile"), Kind.CODE, AudienceMember.phone),
    ),
    quick=(
        Quick("receive", _l("Receive a message"), (rule("excluded", "empty"),)),
        Quick("left_out", _l("Left out or joined"), (rule("excluded", "not_empty"),)),
    ),
    export_permission=Permission.VIEW,
    reveal_permission=Reveal.REVEAL,
    template="campaigns/drafting/list.html",
)
