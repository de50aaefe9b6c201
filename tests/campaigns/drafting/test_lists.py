"""The lists of drafting."""

from flask import Flask
from flask.testing import FlaskClient

from app.core.db import db
from app.core.permissions import Role
from campaigns.drafting.models import AudienceMember, Exclusion
from tests.factories import create_campaign, create_contact, create_employer, create_user, sign_in


def test_everybody_sees_the_campaigns_of_their_own_branch(app: Flask, client: FlaskClient) -> None:
    mine, other = create_user(Role.MANAGER), create_user(Role.MANAGER)
    create_campaign(mine, name="我的活动")
    create_campaign(other, name="别处的活动")
    sign_in(client, mine)
    page = client.get("/campaigns").text
    assert "我的活动" in page
    assert "别处的活动" not in page


def test_the_number_of_an_exclusion_leads_to_its_rows(app: Flask, client: FlaskClient) -> None:
    manager = create_user(Role.MANAGER)
    campaign = create_campaign(manager)
    for name, excluded in (("收到的单位", None), ("没有号码的单位", Exclusion.NO_MOBILE)):
        employer = create_employer(manager.branch, name=name)
        contact = create_contact(employer, mobile="13812345678")
        db.session.add(
            AudienceMember(
                campaign_id=campaign.id,
                employer_id=employer.id,
                contact_id=contact.id,
                phone="13812345678",
                excluded=excluded,
            )
        )
    sign_in(client, manager)
    left_out = client.get(f"/campaigns/{campaign.id}/audience?excluded.in=no_mobile").text
    assert "没有号码的单位" in left_out
    assert "收到的单位" not in left_out
    receiving = client.get(f"/campaigns/{campaign.id}/audience?excluded.empty=").text
    assert "收到的单位" in receiving
    assert "没有号码的单位" not in receiving
    assert "138****5678" in receiving
    assert "13812345678" not in receiving
