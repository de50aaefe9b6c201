"""A person's ID number: matched by its hash, shown masked, revealed for a reason, told nowhere."""

import io

import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import select

from app.accounts.models import User
from app.audit.models import AuditEvent
from app.core.db import db
from app.core.permissions import Role
from app.core.personal.keys import MISSING, key_path
from app.core.personal.reasons import REASONS
from app.core.timeline import TimelineEntry
from app.core.web.limits import limiter
from app.employers.models import Contact, Employer, EmployerContact
from app.employers.people.services.identifying import OTHER_MOBILE, TAKEN
from tests.factories import create_contact, create_employer, create_user, seed_codes, sign_in

#: 17 digits with a check digit of X, and how an office may write it
NUMBER, WRITTEN, MASKED = "12010219900307001X", "１２０１０２ 19900307 001x", "120102********001X"

SINCE = "2026-01-05"


@pytest.fixture
def head(client: FlaskClient) -> User:
    user = create_user(Role.MANAGER, name="周丽")
    sign_in(client, user)
    return user


@pytest.fixture
def harbour(head: User) -> Employer:
    return create_employer(head.branch, name="滨海港务有限公司")


@pytest.fixture
def wang(harbour: Employer, client: FlaskClient) -> Contact:
    answers = {
        "name": "王芳",
        "role": "legal_rep",
        "since": SINCE,
        "mobile": "13812345678",
        "id_number": WRITTEN,
    }
    assert client.post(f"/contacts/at/{harbour.id}/new", data=answers).status_code in {302, 303}
    return db.session.scalars(select(Contact)).one()


def number_of(contact: Contact) -> str | None:
    db.session.expire_all()
    return contact.id_number.opened if contact.id_number else None


def test_it_is_entered_and_corrected_but_never_shown_in_full(client: FlaskClient, wang: Contact) -> None:
    assert number_of(wang) == NUMBER
    for path in (f"/contacts/{wang.id}", f"/contacts/{wang.id}/edit"):
        page = client.get(path).text
        assert MASKED in page
        assert NUMBER not in page
    same = {"name": "王芳", "id_number": ""}
    assert client.post(f"/contacts/{wang.id}/edit", data=same).status_code == 303
    assert number_of(wang) == NUMBER
    wrong = client.post(f"/contacts/{wang.id}/edit", data={**same, "id_number": "120102199003070021"})
    assert wrong.status_code == 422
    assert "18位" in wrong.text
    gone = client.post(f"/contacts/{wang.id}/edit", data={**same, "no_id_number": "y"})
    assert gone.status_code == 303
    assert (number_of(wang), wang.id_number_index) == (None, None)


@pytest.mark.databases("sqlite")
def test_another_document_has_a_number_of_its_own_kind_and_is_hidden_as_a_whole(
    client: FlaskClient, wang: Contact
) -> None:
    seed_codes()
    door, page = f"/contacts/{wang.id}/edit", f"/contacts/{wang.id}"
    passport = {"name": "王芳", "id_type": "03", "id_number": "e 1234-5678"}
    assert client.post(door, data={**passport, "id_type": "01"}).status_code == 422
    assert client.post(door, data={**passport, "id_number": "护照"}).status_code == 422
    assert client.post(door, data=passport).status_code == 303
    assert (number_of(wang), wang.id_type) == ("E12345678", "03")
    shown = client.get(page).text
    assert "护照" in shown
    assert "E1234" not in shown
    assert client.post(door, data={"name": "王芳", "id_type": "04"}).status_code == 303
    assert (number_of(wang), wang.id_type) == ("E12345678", "04")
    assert client.post(door, data={"name": "王芳", "id_type": "01"}).status_code == 400
    assert client.post(door, data={"name": "王芳", "id_type": "01", "id_number": NUMBER}).status_code == 303
    assert (number_of(wang), wang.id_type) == (NUMBER, "01")
    client.post(door, data={"name": "王芳", "no_id_number": "y"})
    assert (number_of(wang), wang.id_type) == (None, None)


def test_however_it_is_written_it_means_the_same_person(
    client: FlaskClient, wang: Contact, harbour: Employer
) -> None:
    mill = create_employer(harbour.branch, name="面粉厂")
    door = f"/contacts/at/{mill.id}/new"
    same = {"name": "王芳", "role": "handler", "since": SINCE, "id_number": NUMBER.lower()}
    assert client.post(door, data=same).status_code in {302, 303}
    assert [link.contact_id for link in db.session.scalars(select(EmployerContact))] == [wang.id, wang.id]
    for answers, refusal in (({"name": "李明"}, TAKEN), ({"mobile": "13900000000"}, OTHER_MOBILE)):
        refused = client.post(door, data={**same, "role": "finance", **answers})
        assert refused.status_code == 422
        assert str(refusal) in refused.text
    other = create_contact(harbour, name="李明")
    taken = client.post(f"/contacts/{other.id}/edit", data={"name": "李明", "id_number": NUMBER})
    assert (taken.status_code, number_of(other)) == (422, None)


def test_it_is_revealed_for_a_reason_each_time_and_the_trail_keeps_it(
    client: FlaskClient, wang: Contact, head: User
) -> None:
    door = f"/contacts/{wang.id}/id-number"
    assert NUMBER not in client.post(door).text
    shown = client.post(door, data={"reason": "identity"}, headers={"HX-Request": "true"})
    assert NUMBER in shown.text
    assert head.name in shown.text
    assert shown.headers["Cache-Control"] == "no-store"
    assert NUMBER not in client.post(door).text, "what was given before does not count"
    refused = client.post(door, data={"reason": "other", "reason_words": NUMBER})
    assert refused.status_code == 400
    event = db.session.scalars(select(AuditEvent).where(AuditEvent.action == "ID number revealed")).one()
    assert (event.actor_id, event.subject_id, event.facts) == (
        head.id,
        str(wang.id),
        {"reason": REASONS["identity"]},
    )
    told = [f"{e.changes} {e.details} {e.subject_name}" for e in db.session.scalars(select(AuditEvent))]
    told += [f"{e.summary} {e.params}" for e in db.session.scalars(select(TimelineEntry))]
    assert not [words for words in told if NUMBER in words or NUMBER[6:14] in words]


def test_who_may_not_is_refused(client: FlaskClient, wang: Contact) -> None:
    branch = wang.employers[0].employer.branch
    for user, status in (
        (create_user(Role.SPECIALIST, branch=branch), 403),
        (create_user(Role.BANK_PARTNER, branch=branch), 403),
        (create_user(Role.MANAGER), 404),
        (create_user(Role.ENFORCEMENT_OFFICER, branch=branch), 200),
    ):
        sign_in(client, user)
        answer = client.post(f"/contacts/{wang.id}/id-number", data={"reason": "identity"})
        assert (answer.status_code, NUMBER in answer.text) == (status, status == 200)


def test_reading_one_after_the_other_comes_to_an_end(client: FlaskClient, wang: Contact) -> None:
    limiter.enabled = True
    try:
        door, why = f"/contacts/{wang.id}/id-number", {"reason": "identity"}
        asked = [client.post(door, data=why) for _ in range(12)]
    finally:
        limiter.enabled = False
    assert [answer.status_code for answer in asked][-1] == 429


def exported(client: FlaskClient, **answers: str) -> list[str]:
    response = client.post("/contacts", data={**answers, "columns": "all"})
    return [
        str(cell) for row in load_workbook(io.BytesIO(response.data)).worksheets[0].values for cell in row
    ]


FULL = {"do": "export_in_full", "rows": "all", "reason": "contact"}


def test_an_export_has_it_masked_unless_in_full_for_who_may_reveal_it(
    client: FlaskClient, wang: Contact, head: User
) -> None:
    cells = exported(client, do="export")
    assert MASKED in cells
    assert NUMBER not in cells
    assert "滨海港务有限公司" in cells, "several employers would stand there as words, not as a list"
    assert NUMBER in exported(client, **FULL)
    event = db.session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc())).first()
    assert event is not None
    assert {"id_number", "mobile"} <= set(event.facts["in_full"])
    specialist = create_user(Role.SPECIALIST, branch=head.branch)
    sign_in(client, specialist)
    cells = exported(client, **FULL)
    assert MASKED in cells
    assert NUMBER not in cells
    assert "13812345678" in cells


def test_without_the_key_the_page_stands_and_nothing_is_lost(client: FlaskClient, wang: Contact) -> None:
    away = key_path().rename(key_path().with_name("in the safe"))
    try:
        page = client.get(f"/contacts/{wang.id}")
        assert (page.status_code, "*" * 18 in page.text) == (200, True)
        refused = client.post(f"/contacts/{wang.id}/id-number", data={"reason": "identity"})
        assert refused.status_code == 503
        assert str(MISSING) in refused.text
        edit = {"name": "王芳", "id_number": NUMBER}
        assert client.post(f"/contacts/{wang.id}/edit", data=edit).status_code == 503
    finally:
        away.rename(key_path())
    assert number_of(wang) == NUMBER


def test_the_sheet_and_the_list_name_the_legal_representative_and_mask_the_document(
    client: FlaskClient, wang: Contact, harbour: Employer
) -> None:
    seed_codes()
    sheet = client.get(f"/sheets/{harbour.id}").text
    assert f"身份证 {MASKED}" in sheet
    assert NUMBER not in sheet
    client.post("/employers", data={"do": "columns", "columns": ["name", "legal_rep"]})
    listed = client.get("/employers").text
    assert ("法定代表人" in listed, "王芳" in listed) == (True, True)
