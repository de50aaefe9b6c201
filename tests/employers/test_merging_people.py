"""Two records of one person become one, and two again: roles, visits and wishes go along."""

from datetime import date
from io import BytesIO

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.accounts.models import User
from app.core.clock import today
from app.core.db import db
from app.core.permissions import Role
from app.employers.models import Contact, ContactRole, Employer, EmployerContact, VerifiedHow
from app.employers.people.models import ContactMerge
from app.employers.search.queries import matching
from app.outreach.models import Outcome, Visit, VisitKind
from campaigns.channels.sms.models import OptOut
from tests.factories import create_branch, create_contact, create_employer, create_user, sign_in

MOBILE = "13812345678"


@pytest.fixture
def zhou(client: FlaskClient) -> User:
    user = create_user(Role.MANAGER, name="周丽")
    sign_in(client, user)
    return user


@pytest.fixture
def harbour(zhou: User) -> Employer:
    return create_employer(zhou.branch, name="滨海港务有限公司")


@pytest.fixture
def twins(harbour: Employer, zhou: User) -> tuple[Contact, Contact]:
    """The harbour's handler twice; the second record also serves a mill, and has a number and a visit."""
    first = create_contact(harbour, name="王芳", landline="022-66271234")
    second = create_contact(
        harbour, name="王芳", mobile=MOBILE, verified_on=date(2026, 5, 1), verified_how=VerifiedHow.CALL
    )
    first.employers[0].since, second.employers[0].since = date(2025, 3, 1), date(2024, 1, 1)
    mill = create_employer(zhou.branch, name="滨海面粉厂")
    mill.contacts.append(EmployerContact(contact=second, role=ContactRole.FINANCE))
    db.session.add(OptOut(contact_id=second.id, message_class="greeting"))
    visit = Visit(
        employer_id=harbour.id, contact_id=second.id, kind=VisitKind.CALL, by_id=zhou.id,
        at=second.created_at, outcome=next(iter(Outcome)),
    )  # fmt: skip
    db.session.add(visit)
    db.session.commit()
    return first, second


def merge(client: FlaskClient, kept: Contact, gone: Contact, **values: str) -> int:
    url = f"/contacts/merge/{kept.id}/{gone.id}"
    versions = f"{kept.updated_at.isoformat()} {gone.updated_at.isoformat()}"
    return client.post(url, data={"mobile": "merged", "versions": versions} | values).status_code


def state(contact: Contact) -> list[object]:
    db.session.expire_all()
    roles = [(link.employer_id, link.role, link.since, link.until) for link in contact.employers]
    return [contact.mobile, contact.verified_on, contact.verified_how, contact.merged_into_id, sorted(roles)]


def test_a_merged_person_is_one_record_everywhere_and_two_again_when_taken_back(
    client: FlaskClient, harbour: Employer, twins: tuple[Contact, Contact]
) -> None:
    kept, gone = twins
    before = state(kept), state(gone)
    card = {"files": [(BytesIO(b"name\n"), "card.csv")]}
    assert client.post(f"/attachments/on/contact/{gone.id}", data=card).status_code == 303
    page = client.get(f"/contacts/{kept.id}").text
    assert f"/contacts/merge/{kept.id}/{gone.id}" in page, "the same name at the same employer is offered"
    assert "王芳" in client.get("/contacts?doubtful.yes=").text
    preview = client.get(f"/contacts/merge/{kept.id}/{gone.id}").text
    assert (MOBILE in preview, "附件" in preview) == (False, True)
    assert merge(client, kept, gone) == 303
    db.session.expire_all()
    assert [kept.mobile, kept.verified_on, kept.landline] == [MOBILE, date(2026, 5, 1), "022-66271234"]
    present = [(link.employer.name, link.since) for link in kept.employers if link.until is None]
    assert present == [(harbour.name, date(2024, 1, 1)), ("滨海面粉厂", None)]
    assert [link.until for link in gone.employers] == [today()]
    assert db.session.scalars(select(Visit.contact_id)).all() == [kept.id]
    assert db.session.scalars(select(OptOut.contact_id)).all() == [kept.id]
    assert client.get(f"/contacts/{gone.id}").location.endswith(f"/contacts/{kept.id}")
    assert client.get(f"/employers/{harbour.id}").text.count("王芳") == 2, "present, and on the visit"
    done = db.session.scalars(select(ContactMerge)).one()
    assert all(word in client.get(f"/contacts/{kept.id}").text for word in ("周丽", "card.csv"))
    assert client.post(f"/contacts/merges/{done.id}/undo").status_code == 303
    assert (state(kept), state(gone)) == before
    assert "card.csv" in client.get(f"/contacts/{gone.id}").text
    assert client.post(f"/contacts/merges/{done.id}/undo").status_code == 409
    assert db.session.scalars(select(Employer.name).where(matching(MOBILE[3:]))).all()


def test_a_merge_that_cannot_be_changes_nothing(
    client: FlaskClient, harbour: Employer, twins: tuple[Contact, Contact], zhou: User
) -> None:
    kept, gone = twins
    before = state(kept), state(gone)
    assert merge(client, kept, gone, versions="older") == 409
    assert merge(client, kept, kept) == 400
    other = create_contact(harbour, name="赵敏", mobile=MOBILE)
    assert merge(client, kept, other, name="kept") == 400, "names differ without a reason"
    stranger = create_contact(create_employer(create_branch()), name="王芳", mobile=MOBILE)
    assert merge(client, kept, stranger) == 404
    sign_in(client, create_user(Role.SPECIALIST, branch=zhou.branch))
    assert merge(client, kept, gone) == 403
    assert (state(kept), state(gone)) == before


def test_a_merge_that_something_newer_depends_on_stays(
    client: FlaskClient, twins: tuple[Contact, Contact]
) -> None:
    kept, gone = twins
    assert merge(client, kept, gone) == 303
    data = {"name": "王芳", "mobile": "13900139000"}
    assert client.post(f"/contacts/{kept.id}/edit", data=data).status_code == 303
    done = db.session.scalars(select(ContactMerge)).one()
    assert client.post(f"/contacts/merges/{done.id}/undo").status_code == 400
    assert state(kept)[0] == "13900139000"
    assert state(gone)[3] == kept.id
