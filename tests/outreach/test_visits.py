"""Visits and calls: logged in a minute, told on the timeline, followed by a task."""

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.accounts.models import User
from app.core.clock import local, now, today
from app.core.db import db
from app.core.permissions import Role
from app.core.timeline import TimelineEntry
from app.employers.models import Contact, ContactRole, Employer, EmployerContact, Stage
from app.outreach.models import Outcome, Visit, VisitKind
from app.tasks.models import Task
from tests.factories import create_branch, create_employer, create_user, sign_in


@pytest.fixture
def li(client: FlaskClient) -> User:
    user = create_user(Role.SPECIALIST, name="李婷")
    sign_in(client, user)
    return user


@pytest.fixture
def harbour(li: User) -> Employer:
    employer = create_employer(li.branch, name="滨海港务有限公司", stage=Stage.CONTRIBUTING, owner_id=li.id)
    employer.contacts.append(
        EmployerContact(contact=Contact(name="王芳", mobile="13812345678"), role=ContactRole.HANDLER)
    )
    db.session.commit()
    return employer


def account(employer: Employer, **changes: Any) -> dict[str, Any]:
    links = employer.contacts
    form = {
        "kind": "visit",
        "at": f"{local(now()):%Y-%m-%dT%H:%M}",
        "contact_id": str(links[0].contact_id if links else 0),
        "met_role": "",
        "service_mode": "",
        "outcome": "agreed",
        "topics": ["arrears", "relief"],
        "summary": "答应月底前补缴",
        "next_step": "核对补缴金额",
        "next_due_on": str(today() + timedelta(days=3)),
    }
    return {**form, **changes}


def log(client: FlaskClient, employer: Employer, **changes: Any) -> Any:
    return client.post(f"/visits/new?employer_id={employer.id}", data=account(employer, **changes))


def the_visit() -> Visit:
    return db.session.scalars(select(Visit)).one()


def test_a_logged_visit_is_told_and_its_next_step_becomes_the_owners_task(
    client: FlaskClient, harbour: Employer, li: User
) -> None:
    response = log(client, harbour)
    assert response.location.endswith(f"/employers/{harbour.id}")
    visit = the_visit()
    assert (visit.kind, visit.outcome, visit.topics) == (
        VisitKind.VISIT,
        Outcome.AGREED,
        ["arrears", "relief"],
    )
    assert visit.met_role is ContactRole.HANDLER
    entry = db.session.scalars(select(TimelineEntry)).one()
    assert (entry.kind, entry.endpoint, entry.link_id) == ("visit", "outreach.show", visit.id)
    task = db.session.scalars(select(Task)).one()
    assert (task.kind, task.title, task.owner_id) == ("next_step", "核对补缴金额", li.id)
    assert "核对补缴金额" in client.get("/").text
    page = client.get(f"/employers/{harbour.id}").text
    assert "走访：同意办理" in page
    assert "答应月底前补缴" in page
    assert "缓缴、降比" in client.get(f"/visits/{visit.id}").text


@pytest.mark.databases("sqlite")
def test_the_form_asks_for_little_and_proposes_the_rest(client: FlaskClient, harbour: Employer) -> None:
    page = client.get(f"/visits/new?employer_id={harbour.id}").text
    assert "王芳（经办人）" in page
    assert f"{local(now()):%Y-%m-%d}" in page
    assert log(client, harbour, topics=[], summary="", next_step="", next_due_on="").status_code == 302
    assert db.session.query(Task).count() == 0


def test_contact_dates_follow_and_the_first_to_meet_an_employer_stays_its_first(
    client: FlaskClient, harbour: Employer, li: User
) -> None:
    yesterday = f"{local(now()) - timedelta(days=1):%Y-%m-%dT%H:%M}"
    log(client, harbour)
    assert (harbour.last_contact_on, harbour.first_contact_owner_id) == (today(), li.id)
    sign_in(client, create_user(branch=li.branch))
    log(client, harbour, at=yesterday)
    assert (harbour.last_contact_on, harbour.first_contact_owner_id) == (today(), li.id)


def test_an_unanswered_call_is_no_contact(client: FlaskClient, harbour: Employer) -> None:
    log(client, harbour, kind="call", outcome="not_reached")
    assert harbour.last_contact_on is None
    assert harbour.first_contact_owner_id is None


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    "changes",
    [
        {"at": "2999-01-01T10:00"},
        {"at": "yesterday"},
        {"next_due_on": "2020-01-01"},
        {"outcome": ""},
        {"outcome": "excellent"},
        {"kind": "party"},
        {"topics": ["weather"]},
        {"contact_id": "999999"},
        {"next_step": "x" * 300},
    ],
)
def test_bad_accounts_are_refused_and_leave_nothing(
    client: FlaskClient, harbour: Employer, changes: dict[str, Any]
) -> None:
    assert log(client, harbour, **changes).status_code == 422
    assert db.session.query(Visit).count() == 0
    assert db.session.query(Task).count() == 0


@pytest.mark.databases("sqlite")
def test_a_next_step_without_a_day_is_refused(client: FlaskClient, harbour: Employer) -> None:
    assert log(client, harbour, next_due_on="").status_code == 400
    assert db.session.query(Visit).count() == 0


def test_after_a_visit_to_a_prospect_its_next_stage_is_offered_not_forced(
    client: FlaskClient, harbour: Employer
) -> None:
    harbour.stage = Stage.PROSPECT
    response = log(client, harbour)
    page = client.get(response.location).text
    assert f"/workflow/lifecycle/{harbour.id}/engage" in page
    assert harbour.stage is Stage.PROSPECT


def test_ones_own_account_is_corrected_on_the_same_day_only(client: FlaskClient, harbour: Employer) -> None:
    log(client, harbour)
    url = f"/visits/{the_visit().id}/edit"
    assert client.post(url, data=account(harbour, outcome="refused")).status_code == 302
    assert the_visit().outcome is Outcome.REFUSED
    assert db.session.query(Task).count() == 1
    the_visit().created_at = now() - timedelta(days=1)
    assert client.get(url).status_code == 403
    assert client.post(url, data=account(harbour, outcome="solved")).status_code == 403
    sign_in(client, create_user(Role.MANAGER, branch=harbour.branch))
    assert client.post(url, data=account(harbour, outcome="agreed")).status_code == 403
    assert the_visit().outcome is Outcome.REFUSED


def test_employers_and_visits_of_another_branch_do_not_exist(client: FlaskClient, harbour: Employer) -> None:
    log(client, harbour)
    visit = the_visit()
    sign_in(client, create_user(branch=create_branch()))
    assert client.get(f"/visits/{visit.id}").status_code == 404
    assert client.get(f"/visits/{visit.id}/edit").status_code == 404
    assert log(client, harbour).status_code == 404
    assert "滨海港务" not in client.get("/visits").text


@pytest.mark.databases("sqlite")
def test_a_bank_partner_neither_reads_nor_logs_visits(client: FlaskClient, harbour: Employer) -> None:
    log(client, harbour)
    sign_in(client, create_user(Role.BANK_PARTNER, branch=harbour.branch))
    assert client.get("/visits").status_code == 403
    assert log(client, harbour).status_code == 403
    for page in ("", "/timeline", "/timeline?kind=visit"):
        assert "答应月底前补缴" not in client.get(f"/employers/{harbour.id}{page}").text


def test_the_employer_is_chosen_from_ones_own_or_found(client: FlaskClient, harbour: Employer) -> None:
    create_employer(create_branch(), name="滨海别处厂")
    assert "滨海港务有限公司" in client.get("/visits/new").text
    found = client.get("/visits/new?q=bhgw").text
    assert f"/visits/new?employer_id={harbour.id}" in found
    assert "滨海别处厂" not in client.get("/visits/new?q=滨海").text


def test_visits_are_listed_and_exported(client: FlaskClient, harbour: Employer) -> None:
    log(client, harbour)
    page = client.get("/visits").text
    assert "滨海港务有限公司" in page
    assert "同意办理" in page
    assert client.get("/tasks").status_code == 200
