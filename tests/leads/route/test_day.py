"""A day of visits: an area's leads in their order, a limited choice, and a list to go by."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.accounts.models import User
from app.core.clock import today
from app.core.db import db
from app.core.options import set_value
from app.core.permissions import Role
from app.employers.areas.models import AreaKind
from app.employers.areas.services import add_area
from app.leads.ledger.models import Lead
from app.leads.pool.policy import ROUTE_STOPS
from app.leads.route.queries import PAGE
from app.tasks.models import Task
from tests.factories import create_branch, create_contact, create_employer, create_user, sign_in


@pytest.fixture
def li(app: Flask) -> User:
    return create_user(Role.SPECIALIST)


def leads() -> list[int]:
    return list(db.session.scalars(select(Lead.id).order_by(Lead.id)))


def test_the_leads_of_an_area_are_offered_in_the_order_of_the_ledger(client: FlaskClient, li: User) -> None:
    street = add_area("S1", "大港油田街道", AreaKind.STREET, None)
    house = add_area("B1", "创新大厦", AreaKind.BUILDING, street)
    create_employer(li.branch, name="小厂", area_id=street.id, insured_heads=3)
    create_employer(li.branch, name="大厂", area_id=house.id, insured_heads=300)
    create_employer(li.branch, name="远厂", insured_heads=900)
    sign_in(client, li)
    page = client.get(f"/leads/route?area={street.id}").get_data(as_text=True)
    assert page.index("大厂") < page.index("小厂")
    assert "远厂" not in page


def test_a_page_offers_few_and_what_was_chosen_comes_along(client: FlaskClient, li: User) -> None:
    for number in range(PAGE + 1):
        create_employer(li.branch, name=f"{number:02}厂", insured_heads=100 - number)
    first = leads()[0]
    sign_in(client, li)
    page = client.get(f"/leads/route?lead={first}&page=99").get_data(as_text=True)
    assert f"{PAGE:02}厂" in page and "01厂" not in page
    assert f'<input type="hidden" name="lead" value="{first}">' in page and "其他页已选1户" in page
    back = client.get(f"/leads/route?lead={first}").get_data(as_text=True)
    assert f'name="lead" value="{first}" checked' in back and "其他页已选" not in back


def test_the_list_of_the_day_has_addresses_masked_numbers_and_the_way_to_log(
    client: FlaskClient, li: User
) -> None:
    firm = create_employer(li.branch, name="甲厂", address="创业路一号")
    create_contact(firm, name="王芳", mobile="13800138000")
    sign_in(client, li)
    page = client.get("/leads/route/day", query_string={"lead": leads()}).get_data(as_text=True)
    assert "创业路一号" in page
    assert "138****8000" in page
    assert "13800138000" not in page
    assert f"/visits/new?employer_id={firm.id}" in page
    for _time in range(2):
        data = {"lead": leads(), "on": str(today())}
        assert client.post("/leads/route/tasks", data=data).status_code == 303
    task = db.session.scalars(select(Task)).one()
    assert (task.owner_id, task.due_on, task.employer_id) == (li.id, today(), firm.id)
    assert client.post("/leads/route/tasks", data={"lead": leads(), "on": "2020-01-01"}).status_code == 400
    colleague, later = create_user(Role.SPECIALIST, branch=li.branch), today() + timedelta(days=3)
    sign_in(client, colleague)
    client.post("/leads/route/tasks", data={"lead": leads(), "on": str(later)})
    db.session.expire_all()
    assert (task.owner_id, task.due_on, task.first_due_on) == (colleague.id, later, today())


def test_a_day_holds_only_so_many_firms_and_none_of_another_branch(client: FlaskClient, li: User) -> None:
    set_value(ROUTE_STOPS, 1)
    for branch in (li.branch, li.branch, create_branch()):
        create_employer(branch)
    sign_in(client, li)
    mine, other, theirs = leads()
    assert client.get(f"/leads/route/day?lead={mine}").status_code == 200
    # too many, or none: back to choosing, with what was chosen
    again = client.get(f"/leads/route/day?lead={mine}&lead={other}&whose=all", follow_redirects=True).text
    assert "最多1户" in again and again.count("checked") == 2
    assert client.get("/leads/route/day").location == "/leads/route"
    assert client.post("/leads/route/tasks", data={"lead": [mine, other]}).status_code == 400
    assert client.get(f"/leads/route/day?lead={theirs}").status_code == 404
