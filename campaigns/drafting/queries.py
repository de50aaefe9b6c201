"""Reads of drafting: campaigns in reach, how a branch signs, who is left out and why."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, func, select
from sqlalchemy.orm import joinedload

from app.accounts.models import Branch
from app.accounts.queries import name_of
from app.core.criteria.sentences import sentence
from app.core.criteria.trees import Tree
from app.core.db import db
from app.core.finding import the_one
from app.core.permissions import Actor
from app.employers.lists import employer_fields
from campaigns.channels.letter.models import LetterVersion
from campaigns.drafting.models import AudienceMember, Campaign, CampaignState, Channel, Exclusion, Sender
from campaigns.drafting.policy import visible_to

#: For a department that has not said how it signs yet; 12329 is the national hotline of the fund.
SIGNATURE = "住房公积金管理部"
PHONE = "12329"
PRICE = Decimal("0.05")

#: Who had a hand in a campaign.
PEOPLE = (Campaign.created_by, Campaign.edited_by, Campaign.approved_by)

CHANNEL_LABELS = {Channel.SMS: _l("SMS"), Channel.LETTER: _l("Letter")}

EXCLUSION_LABELS = {
    Exclusion.CLOSED: _l("Employer closed or dismissed"),
    Exclusion.INELIGIBLE: _l("Need not contribute"),
    Exclusion.NO_CONTACT: _l("No contact person"),
    Exclusion.NO_MOBILE: _l("No mobile number"),
    Exclusion.BAD_NUMBER: _l("Not a mobile number"),
    Exclusion.DEAD_NUMBER: _l("Number known to be dead"),
    Exclusion.OPTED_OUT: _l("Asked not to be written to"),
    Exclusion.PREFERS_CALL: _l("Prefers telephone calls"),
    Exclusion.PREFERS_WECHAT: _l("Prefers WeChat"),
    Exclusion.PREFERS_EMAIL: _l("Prefers e-mail"),
    Exclusion.PREFERS_LETTER: _l("Prefers letters"),
    Exclusion.PREFERS_VISIT: _l("Prefers visits"),
    Exclusion.UNVERIFIED: _l("Number not confirmed"),
    Exclusion.FREQUENCY: _l("Written to only lately"),
    Exclusion.OVER_CAP: _l("Written to as often as allowed"),
    Exclusion.BY_HAND: _l("Left out by hand"),
    Exclusion.HOLD_OUT: _l("Held out to compare with"),
    Exclusion.MISSING_VALUE: _l("A value of the text is unknown"),
    Exclusion.FORBIDDEN_WORD: _l("A word in it is refused by the gateway"),
    Exclusion.TOO_LONG: _l("Its text would be too long to send"),
    Exclusion.MERGED: _l("Same person: joined into one message"),
    Exclusion.CANCELLED: _l("Campaign cancelled before sending"),
    Exclusion.NO_ADDRESS: _l("No address"),
    Exclusion.BAD_ADDRESS: _l("Not an address"),
    Exclusion.DEAD_ADDRESS: _l("The last letter to this address came back"),
    Exclusion.DUPLICATE: _l("The same employer twice: one letter for both records"),
}


def criteria_sentence(tree: Tree, author: Actor) -> str:
    """The criteria of an audience in the reader's language; the author's own segments by their names, which
    whoever approves has to know."""
    return sentence(tree, employer_fields(), author)


def listed() -> Select[Campaign]:
    """Campaigns for the list, with the names it shows."""
    return select(Campaign).options(
        name_of(Campaign.created_by), joinedload(Campaign.branch).load_only(Branch.id, Branch.name)
    )


def find(campaign_id: int, actor: Actor | None, *, lock: bool = False) -> Campaign:
    """One campaign in the actor's reach; `lock` holds it until the transaction ends. Raises NotFound."""
    query = (
        select(Campaign)
        .where(Campaign.id == campaign_id, visible_to(actor))
        .options(joinedload(Campaign.branch), *(name_of(who) for who in PEOPLE))
        .options(joinedload(Campaign.letter_version).joinedload(LetterVersion.template))
    )
    if lock:
        query = query.with_for_update(of=Campaign).execution_options(populate_existing=True)
    return the_one(query, _l("There is no such campaign."))


def signatures(said: str = "") -> set[str]:
    """The signature that a reply names, without brackets; all that branches sign with where it names none."""
    if named := said.strip("【】[] "):
        return {named}
    return {SIGNATURE, *db.session.scalars(select(Sender.signature))}


def sender_of(branch: Branch) -> Sender:
    """How the branch signs: its own setting, the nearest above it, or the shipped one (not stored)."""
    above = [int(step) for step in branch.path.split("/") if step]
    query = (
        select(Sender)
        .join(Branch, Branch.id == Sender.branch_id)
        .where(Sender.branch_id.in_(above))
        .order_by(func.length(Branch.path).desc())
        .limit(1)
    )
    return db.session.scalar(query) or Sender(
        branch_id=branch.id, signature=SIGNATURE, phone=PHONE, price=PRICE
    )


def members(campaign_id: int) -> Select[AudienceMember]:
    """The audience of one campaign, as last reckoned."""
    return (
        select(AudienceMember)
        .where(AudienceMember.campaign_id == campaign_id)
        .options(joinedload(AudienceMember.employer), joinedload(AudienceMember.contact))
    )


def exclusions(campaign_id: int) -> Sequence[tuple[Exclusion, int]]:
    """How many are left out for each reason, the most frequent first."""
    number = func.count()
    query = (
        select(AudienceMember.excluded, number)
        .where(AudienceMember.campaign_id == campaign_id, AudienceMember.excluded.is_not(None))
        .group_by(AudienceMember.excluded)
        .order_by(number.desc(), AudienceMember.excluded)
    )
    rows: Sequence[Any] = db.session.execute(query).all()
    return [(reason, count) for reason, count in rows]


def campaign_under_way(_kept_id: int, merged_id: int) -> object | None:
    """Why an employer cannot be merged into another yet: an approved audience is sent to as it stands."""
    unplanned = Campaign.state.in_((CampaignState.SUBMITTED, CampaignState.APPROVED, CampaignState.RUNNING))
    query = (
        select(Campaign.name)
        .join(AudienceMember, AudienceMember.campaign_id == Campaign.id)
        .where(AudienceMember.employer_id == merged_id, unplanned, Campaign.planned_at.is_(None))
        .limit(1)
    )
    name = db.session.scalar(query)
    return (
        None if name is None else _l("Wait for the campaign “%(name)s” to go out, or cancel it.", name=name)
    )
