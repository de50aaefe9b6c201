"""The page on which an administrator says what a gateway's codes mean."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.audit.models import AuditEvent
from app.core.db import db
from app.core.permissions import Role
from campaigns.gateways.codes import classify
from campaigns.gateways.models import GatewayCode
from campaigns.gateways.protocol import FailureClass
from tests.factories import create_user, sign_in

PAGE = "/settings/gateway-codes"
FORM = {"code": "MK:0010", "failure": "dead_number", "note": "移动答复，2026-11-20"}


def test_a_code_gets_its_meaning_with_a_reason_and_loses_it_again(client: FlaskClient) -> None:
    sign_in(client, create_user(Role.SYSTEM_ADMIN, name="何涛"))
    assert client.post(PAGE, data=FORM).status_code == 303
    assert classify("simulator", ["MK:0010"])["MK:0010"] is FailureClass.DEAD_NUMBER
    assert FORM["note"] in client.get(PAGE).text
    event = db.session.scalars(select(AuditEvent).where(AuditEvent.subject_type == "gateway_codes")).one()
    assert (event.actor_name, event.subject_name) == ("何涛", "MK:0010")
    assert event.fields["note"] == [None, FORM["note"]]
    assert client.post(f"{PAGE}/forget", data={"code": "MK:0010"}).status_code == 303
    assert classify("simulator", ["MK:0010"])["MK:0010"] is FailureClass.TEMPORARY
    assert client.post(f"{PAGE}/forget", data={"code": "MK:0010"}).status_code == 404


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("wrong", [{"note": ""}, {"code": ""}, {"failure": "magic"}, {"code": "空 号"}])
def test_a_code_without_reason_or_sense_is_refused(client: FlaskClient, wrong: dict[str, str]) -> None:
    sign_in(client, create_user(Role.SYSTEM_ADMIN))
    assert client.post(PAGE, data={**FORM, **wrong}).status_code in (400, 422)
    assert db.session.query(GatewayCode).count() == 0


@pytest.mark.databases("sqlite")
def test_leaders_read_the_codes_and_change_none(client: FlaskClient) -> None:
    sign_in(client, create_user(Role.BRANCH_HEAD))
    assert "MK:0010" in client.get(PAGE).text
    assert client.post(PAGE, data=FORM).status_code == 403
    assert client.post(f"{PAGE}/forget", data=FORM).status_code == 403
    sign_in(client, create_user(Role.SPECIALIST))
    assert client.get(PAGE).status_code == 403
