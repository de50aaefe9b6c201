"""Tips and referrals are sources like the lists: each with its day, and all shown."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.accounts.models import User
from app.core.db import db
from app.core.permissions import Role
from app.employers.models import Employer, Stage
from app.employers.sources.models import EmployerSource
from app.leads.ledger.models import Lead
from tests.factories import create_branch, create_employer, create_user, sign_in
from tests.imports.sample import credit_code_of

CODE = credit_code_of(77)


@pytest.fixture
def li(app: Flask) -> User:
    return create_user(Role.SPECIALIST)


def tip(**values: str) -> dict[str, str]:
    return {"source": "tip", "told_by": "12329热线", "as_of": "2026-11-02", "name": "甲厂", **values}


def test_a_tip_of_an_unknown_firm_is_a_lead_and_of_a_known_one_another_source(
    client: FlaskClient, li: User
) -> None:
    sign_in(client, li)
    assert client.post("/leads/tips/new", data=tip(uscc=CODE, insured_heads="30")).status_code == 303
    referral = tip(uscc=CODE, source="partner", told_by="区人社局", as_of="2026-10-01", note="未缴存")
    assert client.post("/leads/tips/new", data=referral).status_code == 303
    firm = db.session.scalars(select(Employer)).one()
    assert (firm.source, str(firm.source_as_of), firm.owner_id) == ("partner", "2026-10-01", li.id)
    assert db.session.scalars(select(Lead)).one().employer_id == firm.id
    page = client.get("/leads").get_data(as_text=True)
    assert "（12329热线）" in page
    assert "2026-10-01（区人社局）" in page
    again = client.post("/leads/tips/new", data=referral)
    assert again.status_code == 409
    assert len(db.session.scalars(select(EmployerSource)).all()) == 2


def test_a_tip_of_a_firm_with_an_account_is_kept_and_makes_no_lead(client: FlaskClient, li: User) -> None:
    firm = create_employer(li.branch, name="乙厂", stage=Stage.CONTRIBUTING)
    sign_in(client, li)
    assert client.post("/leads/tips/new", data=tip(name="乙厂")).status_code == 303
    assert db.session.scalars(select(EmployerSource.employer_id)).all() == [firm.id]
    assert db.session.scalars(select(Lead)).all() == []


def test_a_tip_is_refused_without_its_origin_in_another_branch_and_of_the_future(
    client: FlaskClient, li: User
) -> None:
    theirs = create_employer(create_branch(), uscc=CODE)
    sign_in(client, li)
    assert client.post("/leads/tips/new", data=tip(told_by="")).status_code == 422
    assert client.post("/leads/tips/new", data=tip(as_of="2099-01-01")).status_code == 422
    assert client.post("/leads/tips/new", data=tip(uscc=CODE)).status_code == 409
    assert client.get(f"/leads/tips/{theirs.id}").status_code == 404
    sign_in(client, create_user(Role.ENFORCEMENT_OFFICER, branch=li.branch))
    assert client.get("/leads/tips/new").status_code == 403
