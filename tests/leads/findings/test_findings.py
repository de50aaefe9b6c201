"""What was found out about a firm stays, with its source, day and person."""

from flask import Flask
from flask.testing import FlaskClient

from app.core.permissions import Role
from app.leads.findings.queries import findings_of
from tests.factories import create_employer, create_user, sign_in


def test_a_later_finding_does_not_erase_the_earlier_one(app: Flask, client: FlaskClient) -> None:
    li = create_user(Role.SPECIALIST)
    firm = create_employer(li.branch)
    sign_in(client, li)
    form = {"subject": "heads", "content": "二十人", "source": "企查查", "as_of": "2026-03-01"}
    assert client.post(f"/leads/findings/{firm.id}", data=form).status_code == 303
    later = form | {"content": "三十人", "source": "上门走访", "as_of": "2026-09-01"}
    assert client.post(f"/leads/findings/{firm.id}", data=later).status_code == 303
    found = [(one.content, one.source, one.by.name) for one in findings_of(firm.id)]
    assert found == [("三十人", "上门走访", li.name), ("二十人", "企查查", li.name)]
    assert client.post(f"/leads/findings/{firm.id}", data=form | {"source": ""}).status_code == 422
    assert client.post(f"/leads/findings/{firm.id}", data=form | {"as_of": "2099-01-01"}).status_code == 422
    sign_in(client, create_user(Role.SPECIALIST))
    assert client.get(f"/leads/findings/{firm.id}").status_code == 404
    sign_in(client, create_user(Role.ENFORCEMENT_OFFICER, branch=li.branch))
    assert client.get(f"/leads/findings/{firm.id}").status_code == 403
