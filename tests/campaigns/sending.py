"""What the tests of sending build and ask: a campaign ready to launch, its ledger, the gateway's log."""

from collections import Counter
from typing import Any

from sqlalchemy import insert, select, update

from app.core.clock import now
from app.core.db import db, writing
from app.core.jobs import run_inline
from app.core.permissions import Role
from app.employers.models import Contact
from campaigns.drafting.models import AudienceMember, Campaign, CampaignState
from campaigns.drafting.policy import content_fingerprint, fingerprint, stored_audience_fingerprint
from campaigns.gateways.simulator_store import Store
from campaigns.ledger import jobs
from campaigns.ledger.models import Message
from campaigns.ledger.services import controlling, planning
from tests.factories import create_branch, create_campaign, create_employer, create_user

TEXT = "{handler}您好，您单位住房公积金已欠缴，请尽快办理补缴。"


def create_member(campaign: Campaign, phone: str | None = None, **fields: Any) -> AudienceMember:
    """One member of the audience, with an employer and a contact of its own unless given."""
    number = db.session.query(AudienceMember).count()
    phone = phone or f"138{number:08d}"
    contact = fields.pop("contact", None) or Contact(name=f"经办人{number}", mobile=phone)
    employer = fields.pop("employer", None) or create_employer(campaign.branch)
    values = {"variables": {"handler": contact.name}, "own_variables": {}}
    member = AudienceMember(
        campaign_id=campaign.id, employer=employer, contact=contact, phone=phone, **values | fields
    )
    db.session.add(member)
    db.session.flush()
    return member


def approve(campaign: Campaign) -> Campaign:
    """Approved as it stands, and committed."""
    members = db.session.query(AudienceMember).filter_by(campaign_id=campaign.id)
    campaign.recipients = members.filter(AudienceMember.excluded.is_(None)).count()
    campaign.audience_size = members.count()
    campaign.approved_hash = fingerprint(
        content_fingerprint(campaign), stored_audience_fingerprint(campaign.id)
    )
    campaign.state = CampaignState.APPROVED
    db.session.commit()
    return campaign


def ready_campaign(people: int = 3, **fields: Any) -> Campaign:
    """An approved campaign to so many people at different employers."""
    branch = fields.pop("branch", None) or create_branch()
    campaign = create_campaign(create_user(Role.MANAGER, branch=branch), **{"template_text": TEXT} | fields)
    for _ in range(people):
        create_member(campaign)
    return approve(campaign)


def large_campaign(people: int, first: int = 0) -> Campaign:
    """The same with many people at a few employers, written in sets; `first` numbers their telephones."""
    campaign = create_campaign(create_user(Role.MANAGER), template_text=TEXT)
    employers = [create_employer(campaign.branch).id for _ in range(20)]
    contacts = [{"name": f"经办人{n}", "mobile": f"139{n:08d}"} for n in range(first, first + people)]
    ids = db.session.scalars(
        insert(Contact).returning(Contact.id, sort_by_parameter_order=True), contacts
    ).all()
    members = [
        {
            "campaign_id": campaign.id,
            "employer_id": employers[n % len(employers)],
            "contact_id": contact_id,
            "phone": contacts[n]["mobile"],
            "variables": {"handler": contacts[n]["name"]},
            "own_variables": {},
        }
        for n, contact_id in enumerate(ids)
    ]
    db.session.execute(insert(AudienceMember), members)
    return approve(campaign)


def launch(campaign: Campaign) -> None:
    """Launch, and leave the sending to whoever takes jobs."""
    controlling.launch(campaign.id, None)
    jobs.wake(campaign.id)
    db.session.commit()


def launch_here(campaign: Campaign) -> None:
    """Launch and send in this process."""
    with run_inline():
        launch(campaign)


def planned_campaign(people: int = 3, **fields: Any) -> Campaign:
    """Launched and planned, with nothing sent yet."""
    campaign = ready_campaign(people, **fields)
    controlling.launch(campaign.id, None)
    plan(campaign)
    return campaign


def plan(campaign: Campaign) -> None:
    """Write the ledger and commit."""
    after: int | None = 0
    while after is not None:
        after = planning.plan_chunk(campaign, after)
        db.session.commit()


def ledger(campaign: Campaign) -> list[Message]:
    """The rows as they stand in the database."""
    db.session.expire_all()
    query = select(Message).where(Message.campaign_id == campaign.id).order_by(Message.id)
    return list(db.session.scalars(query))


def states(campaign: Campaign) -> dict[str, int]:
    """How many rows are in which state."""
    return dict(Counter(str(message.state) for message in ledger(campaign)))


def make_due(campaign: Campaign) -> None:
    """Time passes: leases run out, and everything that waits for its hour is due."""
    waiting = (Message.campaign_id == campaign.id, Message.due_at.is_not(None))
    db.session.commit()
    with writing():
        # what a worker is about to write is passed over: to wait for each other would be a deadlock
        due = db.session.scalars(select(Message.id).where(*waiting).with_for_update(skip_locked=True)).all()
        db.session.execute(update(Message).where(Message.id.in_(due)).values(due_at=now()))
        db.session.commit()


def assert_books_agree(campaign: Campaign, gateway: Store) -> None:
    """Nobody got anything twice, and the ledger says of each message what the gateway saw."""
    accepted = {message["key"]: message for message in gateway.messages()}
    phones = Counter(message["phone"] for message in accepted.values())
    assert [phone for phone, times in phones.items() if times > 1] == []
    sent = {"submitted", "delivered", "failed", "expired"}
    assert {m.public_id for m in ledger(campaign) if m.state in sent} == set(accepted)
    for message in ledger(campaign):
        if message.public_id in accepted:
            assert accepted[message.public_id]["text"] == message.text
            assert accepted[message.public_id]["phone"] == message.phone
