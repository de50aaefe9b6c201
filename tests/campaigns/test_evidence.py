"""Letters and SMS that arrived are evidence of an escalation, and offered to its urge step."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.core.clock import now, today
from app.core.db import db
from app.core.errors import DomainError
from app.core.permissions import Role
from app.core.rules.legal import seed_legal_basis
from app.core.workflow.engine import transition
from app.lifecycle.escalation.models import Escalation, EscalationState
from app.lifecycle.escalation.workflow import ESCALATION
from campaigns.channels.letter.issued.models import Letter, LetterState
from campaigns.channels.letter.models import LetterTemplate, LetterVersion
from campaigns.drafting.models import AudienceMember, MessageClass
from campaigns.ledger.models import Message, MessageState
from tests.factories import (
    create_branch,
    create_campaign,
    create_employer,
    create_escalation,
    create_user,
    create_visit,
    seed_outlines,
    sign_in,
)

pytestmark = pytest.mark.databases("sqlite")


def test_what_arrived_proves_the_contact_and_what_was_sent_is_offered_to_the_urge(
    client: FlaskClient,
) -> None:
    seed_legal_basis()
    seed_outlines()
    user = create_user(Role.SPECIALIST, branch=create_branch())
    employer = create_employer(user.branch, owner_id=user.id, employer_account_no="030100000009")
    one = create_escalation(employer, user)
    with pytest.raises(DomainError):  # nothing arrived yet
        transition(ESCALATION, one, "contact", user)
    kinds = (MessageClass.GREETING, MessageClass.SERVICE)
    campaigns = [create_campaign(user, message_class=kind) for kind in kinds]
    for number, campaign in enumerate(campaigns):
        member = AudienceMember(campaign_id=campaign.id, employer_id=employer.id)
        db.session.add(member)
        db.session.flush()
        message = Message(
            campaign_id=campaign.id, member_id=member.id, employer_id=employer.id,
            recipient_key=f"1380000000{number}",
            state=MessageState.DELIVERED, settled_at=now(),
        )  # fmt: skip
        db.session.add(message)
        db.session.flush()
        if campaign.message_class is MessageClass.GREETING:  # speaks of no obligation
            with pytest.raises(DomainError):
                transition(ESCALATION, one, "contact", user)
    transition(ESCALATION, one, "contact", user)
    assert {row.kind for row in one.evidence} >= {"message"}
    create_visit(employer, user, now())
    transition(ESCALATION, one, "visit", user)
    assert one.state is EscalationState.TO_URGE
    query = select(LetterVersion).join(LetterTemplate).where(LetterTemplate.code == "arrears")
    version = db.session.scalars(query).first()
    assert version is not None
    states = {1: LetterState.POSTED, 2: LetterState.RETURNED, 3: LetterState.ISSUED}
    for serial, state in states.items():
        letter = Letter(
            version_id=version.id, employer_id=employer.id, branch_id=user.branch_id, prefix="津公积金函",
            year=2026, serial=serial, issued_on=today(), data={}, address="港区路1号", token=f"token{serial}",
            code=f"CODE{serial}",
            state=state, posted_on=today() if state is not LetterState.ISSUED else None, by_id=user.id,
        )  # fmt: skip
        db.session.add(letter)
    db.session.commit()
    sign_in(client, user)
    page = client.get(f"/escalations/{one.id}").text
    assert (
        "津公积金函〔2026〕1号" in page and "津公积金函〔2026〕2号" not in page and "〔2026〕3号" not in page
    )
    assert f"/campaigns/{campaigns[1].id}/messages" in page
    urge = f"/workflow/escalation/{one.id}/urge"
    form = client.get(f"{urge}?letter_no=津公积金函〔2026〕1号&letter_on={today().isoformat()}").text
    assert "津公积金函〔2026〕1号" in form and today().isoformat() in form
    assert client.get(f"{urge}?letter_on=yesterday").status_code == 200
    answers = {"letter_no": "津公积金函〔2026〕1号", "letter_on": today().isoformat()}
    earlier = (today() - timedelta(days=1)).isoformat()
    for wrong in ({"letter_no": "津公积金函〔2026〕9号"}, {"letter_on": earlier}):
        client.post(urge, data=answers | wrong)
        assert db.session.get_one(Escalation, one.id).letter_no is None
    assert client.post(f"/workflow/escalation/{one.id}/urge", data=answers).status_code == 302
    db.session.expire_all()
    (filed,) = [row for row in one.evidence if row.kind == "letter_sent"]
    assert filed.params["number"] == "津公积金函〔2026〕1号"
