"""The employer's page, its forms, and who may not use them."""

import re
from datetime import date, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, select

from app.accounts.models import User
from app.audit.models import AuditEvent
from app.core import timeline
from app.core.clock import today
from app.core.db import db
from app.core.permissions import Role
from app.core.personal.reasons import REASONS
from app.core.timeline import TimelineEntry
from app.employers import services
from app.employers.lists import employer_fields
from app.employers.models import Contact, ContactRole, Employer, EmployerContact, FormerName, Stage
from app.tasks.services import open_task
from tests.factories import create_branch, create_employer, create_user, sign_in

CODE = "91000000000000012A"


@pytest.fixture
def li(client: FlaskClient) -> User:
    user = create_user(Role.SPECIALIST, name="李婷")
    sign_in(client, user)
    return user


@pytest.fixture
def harbour(li: User) -> Employer:
    employer = create_employer(li.branch, name="滨海港务有限公司", owner_id=li.id, stage=Stage.ENGAGED)
    give_handler(employer)
    db.session.commit()
    return employer


def give_handler(
    employer: Employer, name: str = "王芳", mobile: str | None = "13812345678"
) -> EmployerContact:
    link = EmployerContact(contact=Contact(name=name, mobile=mobile), role=ContactRole.HANDLER)
    employer.contacts.append(link)
    db.session.flush()
    return link


def summaries(employer: Employer) -> list[str]:
    query = select(TimelineEntry.summary).where(TimelineEntry.employer_id == employer.id)
    return list(db.session.scalars(query.order_by(TimelineEntry.id)))


def test_the_page_shows_facts_people_and_what_stands_in_the_way(
    client: FlaskClient, harbour: Employer
) -> None:
    db.session.add(FormerName(employer=harbour, name="塘沽装卸公司", until=date(2020, 1, 1)))
    page = client.get(f"/employers/{harbour.id}").text
    assert "滨海港务有限公司" in page
    assert "塘沽装卸公司" in page
    assert "138****5678" in page
    assert "13812345678" not in page
    assert "统一社会信用代码缺失" in page or "缺少统一社会信用代码" in page or "信用代码" in page
    assert "李婷" in page


def test_the_page_asks_the_database_at_most_twelve_times(client: FlaskClient, harbour: Employer) -> None:
    url = f"/employers/{harbour.id}"
    client.get(url)
    statements: list[str] = []

    def count(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.lstrip().upper().startswith("SELECT"):
            statements.append(statement)

    event.listen(db.engine, "before_cursor_execute", count)
    try:
        assert client.get(url).status_code == 200
    finally:
        event.remove(db.engine, "before_cursor_execute", count)
    assert len(statements) <= 12, statements


@pytest.mark.databases("sqlite")
def test_panels_that_come_later_are_a_link_and_come_by_themselves_or_as_a_page(
    client: FlaskClient, harbour: Employer
) -> None:
    later = f"/employers/{harbour.id}/panels/side"
    assert f'href="{later}"' in client.get(f"/employers/{harbour.id}").text
    part = client.get(later, headers={"HX-Request": "true"}).text
    whole = client.get(later).text
    assert "<html" not in part and "滨海港务有限公司" in whole
    assert _timeless(part).strip() in _timeless(whole)
    assert client.get(f"/employers/{harbour.id}/panels/nowhere").status_code == 404
    stranger = create_employer(create_branch())
    assert client.get(f"/employers/{stranger.id}/panels/side").status_code == 404


def _timeless(page: str) -> str:
    """A page without the tokens of its forms, which carry the second they were made in."""
    return re.sub(r'name="csrf_token" value="[^"]*"', "", page)


def test_an_employer_of_another_branch_does_not_exist(client: FlaskClient, li: User) -> None:
    other = create_employer(create_branch())
    for path in ("", "/edit", "/names", "/timeline", "/history"):
        assert client.get(f"/employers/{other.id}{path}").status_code == 404


@pytest.mark.databases("sqlite")
def test_a_bank_partner_reads_but_changes_and_reveals_nothing(client: FlaskClient, harbour: Employer) -> None:
    for kind in ("letter", "sms", "correction", "lead", "task"):
        timeline.record(harbour.id, kind, "Penalty proposed")
    task = open_task("deadline", "Decide on the proposed penalty", today(), employer=harbour, actor=None)
    db.session.commit()
    partner = create_user(Role.BANK_PARTNER, branch=harbour.branch)
    sign_in(client, partner)
    page = client.get(f"/employers/{harbour.id}")
    assert (page.status_code, "处罚" in page.text, "Penalty" in page.text) == (200, False, False)
    assert client.get(f"/tasks/{task.id}").status_code == 404
    # nor can it be found out by asking the list
    for field in ("open_task", "relief_state", "visit", "message_sent", "closing_state"):
        assert employer_fields()[field].open_to(harbour.owner)
        assert not employer_fields()[field].open_to(partner)
    for path in (f"/employers/{harbour.id}/edit", f"/employers/{harbour.id}/names", "/employers/new"):
        assert client.get(path).status_code == 403
    assert client.post(f"/contacts/{harbour.contacts[0].contact_id}/reveal").status_code == 403


def test_revealing_a_number_is_written_to_the_audit_trail(
    client: FlaskClient, harbour: Employer, li: User
) -> None:
    link = harbour.contacts[0]
    door = f"/contacts/{link.contact_id}/reveal"

    def events() -> list[AuditEvent]:
        query = select(AuditEvent).where(AuditEvent.action == "Personal data revealed")
        return list(db.session.scalars(query.order_by(AuditEvent.id)))

    assert "13812345678" not in client.post(door).text
    assert client.post(door, data={"reason": "curiosity"}).status_code == 400
    assert events() == []
    shown = client.post(door, data={"reason": "contact"}, headers={"HX-Request": "true"}).text
    assert "13812345678" in shown
    assert f"{li.name} 于 2" in shown
    # the next number is shown for the same reason, until the person signs out or gives another one
    assert "13812345678" in client.post(door).text
    assert "13812345678" not in client.post(door, data={"ask": "1"}).text
    assert [(e.actor_id, e.subject_id) for e in events()] == [(li.id, str(link.contact_id))] * 2
    assert {e.facts["reason"] for e in events()} == {REASONS["contact"]}
    assert all("13812345678" not in e.details + e.changes for e in events())


def test_a_prospect_is_entered_by_hand_and_found_at_once(client: FlaskClient, li: User) -> None:
    response = client.post(
        "/employers/new", data={"name": "滨海新厂（筹）", "source": "tip", "eligible": "y"}
    )
    assert response.status_code == 302
    employer = db.session.scalars(select(Employer).where(Employer.name == "滨海新厂（筹）")).one()
    assert (employer.owner_id, employer.branch_id, employer.stage) == (li.id, li.branch_id, Stage.PROSPECT)
    assert "滨海新厂" in client.get("/search?q=bhxc").text


def test_a_namesake_is_refused_until_confirmed(client: FlaskClient, harbour: Employer) -> None:
    form = {"name": "滨海港务有限责任公司", "source": "tip", "eligible": "y"}
    refused = client.post("/employers/new", data=form)
    assert refused.status_code == 422
    assert "滨海港务有限公司" in refused.text
    assert client.post("/employers/new", data={**form, "despite_name": "y"}).status_code == 302


@pytest.mark.databases("sqlite")
def test_wrong_or_known_codes_are_refused(client: FlaskClient, harbour: Employer) -> None:
    harbour.uscc = "91000000000000029U"
    form = {"name": "新单位", "source": "tip", "eligible": "y"}
    assert client.post("/employers/new", data={**form, "uscc": "91000000000000012X"}).status_code == 422
    known = db.session.scalar(select(Employer.uscc))
    assert client.post("/employers/new", data={**form, "uscc": known}).status_code == 422
    assert db.session.query(Employer).count() == 1


def edit_form(client: FlaskClient, employer: Employer, **changes: str) -> dict[str, str]:
    return {"version": services.version_of(employer), "eligible": "y", **changes}


def test_an_edit_is_saved_and_remembered_field_by_field(client: FlaskClient, harbour: Employer) -> None:
    data = edit_form(client, harbour, area="滨河街道", insured_heads="12")
    assert client.post(f"/employers/{harbour.id}/edit", data=data).status_code == 303
    assert (harbour.area, harbour.insured_heads) == ("滨河街道", 12)
    assert "滨河街道" in client.get(f"/employers/{harbour.id}/history").text


def test_the_second_of_two_editors_is_told_and_loses_nothing(client: FlaskClient, harbour: Employer) -> None:
    stale = edit_form(client, harbour, area="滨河街道")
    harbour.area = "东港街道"
    refused = client.post(f"/employers/{harbour.id}/edit", data=stale)
    assert refused.status_code == 409
    assert "东港街道" in refused.text
    assert 'value="滨河街道"' in refused.text
    assert harbour.area == "东港街道"
    assert (
        client.post(
            f"/employers/{harbour.id}/edit", data=edit_form(client, harbour, area="滨河街道")
        ).status_code
        == 303
    )


@pytest.mark.databases("sqlite")
def test_bad_facts_are_refused_field_by_field(client: FlaskClient, harbour: Employer) -> None:
    data = edit_form(
        client, harbour, postal_code="12", email="nobody", pay_day="32", insured_heads="-1",
        established_on=str(today() + timedelta(days=1)),
    )  # fmt: skip
    page = client.post(f"/employers/{harbour.id}/edit", data=data)
    assert page.status_code == 422
    assert page.text.count("field-error") >= 5
    data = {"version": services.version_of(harbour)}
    assert (
        client.post(f"/employers/{harbour.id}/edit", data=data).status_code == 422
    )  # not eligible, no reason


def test_a_renamed_employer_is_found_by_both_names(client: FlaskClient, harbour: Employer) -> None:
    data = {"way": "rename", "new-name": "渤海集团有限公司", "new-until": str(today())}
    assert client.post(f"/employers/{harbour.id}/names", data=data).status_code == 303
    assert harbour.name == "渤海集团有限公司"
    assert [former.name for former in harbour.former_names] == ["滨海港务有限公司"]
    page = client.get("/search?q=滨海港务").text
    assert "渤海集团有限公司" in page
    assert "曾用名" in page
    older = {"way": "older", "old-name": "滨海港务有限公司"}
    assert client.post(f"/employers/{harbour.id}/names", data=older).status_code == 400


def test_only_leaders_assign_and_only_colleagues_of_the_branch(
    client: FlaskClient, harbour: Employer, li: User
) -> None:
    backup = create_user(Role.SPECIALIST, branch=harbour.branch)
    stranger = create_user(Role.SPECIALIST)
    url = f"/employers/{harbour.id}/assign"
    assert client.get(url).status_code == 403
    sign_in(client, create_user(Role.MANAGER, branch=harbour.branch))
    client.post(url, data={"owner_id": li.id, "backup_owner_id": backup.id})
    assert harbour.backup_owner_id == backup.id
    client.post(url, data={"owner_id": stranger.id, "backup_owner_id": 0})
    assert harbour.owner_id == li.id


def test_the_timeline_is_read_page_by_page_and_by_kind(client: FlaskClient, harbour: Employer) -> None:
    for number in range(45):
        timeline.record(harbour.id, "employer", f"entry {number:02}")
    timeline.record(harbour.id, "contact", "a contact")
    url = f"/employers/{harbour.id}/timeline"
    first = client.get(url).text
    assert "a contact" in first
    assert "entry 44" in first
    assert "entry 10" not in first
    assert "entry" not in client.get(f"{url}?kind=contact").text
    oldest = db.session.scalars(select(TimelineEntry.id).where(TimelineEntry.summary == "entry 10")).one()
    rest = client.get(f"{url}?before={oldest}", headers={"HX-Request": "true"}).text
    assert "entry 09" in rest
    assert "entry 11" not in rest
    assert "<html" not in rest


def test_what_drops_down_while_typing_is_short_and_within_reach(
    client: FlaskClient, harbour: Employer
) -> None:
    create_employer(create_branch(), name="滨海别处厂")
    part = client.get("/search/suggest?q=滨海").text
    assert "滨海港务有限公司" in part
    assert "滨海别处厂" not in part
    assert "<html" not in part
    assert client.get("/search?q=").status_code == 200
    assert client.get("/search?q=%25' OR 1=1 --").status_code == 200
