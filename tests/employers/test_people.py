"""People and their roles: one record each, whoever they serve; nobody sees more of them than is theirs."""

from datetime import date, timedelta
from io import BytesIO

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.accounts.models import User
from app.attachments.models import Attachment
from app.audit.models import AuditEvent
from app.core.clock import today
from app.core.db import db
from app.core.features import current_features
from app.core.options import forget_values, set_value
from app.core.permissions import Role
from app.core.rules.workdays import add_working_days
from app.core.timeline import TimelineEntry
from app.employers.models import Contact, ContactRole, Employer, EmployerContact, Stage, VerifiedHow
from app.tasks.models import Task, TaskState
from app.tasks.policy import WELCOME_DAYS
from tests.factories import create_branch, create_contact, create_employer, create_user, sign_in

MOBILE = "13812345678"


@pytest.fixture
def li(client: FlaskClient) -> User:
    user = create_user(Role.SPECIALIST, name="李婷")
    sign_in(client, user)
    return user


@pytest.fixture
def harbour(li: User) -> Employer:
    return create_employer(li.branch, name="滨海港务有限公司", owner_id=li.id, stage=Stage.CONTRIBUTING)


@pytest.fixture
def wang(harbour: Employer) -> Contact:
    """The harbour's handler, who also serves a mill of another branch."""
    person = create_contact(harbour, name="王芳", mobile=MOBILE, email="w@example.org")
    mill = create_employer(create_branch(name="西区管理部"), name="西区面粉厂")
    db.session.add(EmployerContact(employer_id=mill.id, contact=person, role=ContactRole.HANDLER))
    db.session.commit()
    return person


def summaries(employer: Employer) -> list[str]:
    query = select(TimelineEntry.summary).where(TimelineEntry.employer_id == employer.id)
    return list(db.session.scalars(query.order_by(TimelineEntry.id)))


def mill_of(person: Contact) -> Employer:
    return db.session.scalars(select(Employer).where(Employer.name == "西区面粉厂")).one()


def people() -> int:
    return db.session.scalar(select(func.count()).select_from(Contact)) or 0


def taking_up(**values: str) -> dict[str, str]:
    return {"name": "赵敏", "role": "handler", "mobile": "138 0013 8000", "since": str(today())} | values


def test_each_branch_sees_only_its_own_employers_of_a_shared_person(
    client: FlaskClient, harbour: Employer, wang: Contact
) -> None:
    link = wang.employers[1].id
    for page in (client.get(f"/contacts/{wang.id}").text, client.get("/contacts").text):
        assert "滨海港务" in page
        assert "西区面粉厂" not in page
        assert MOBILE not in page
    assert "王芳" not in client.get("/contacts?employer.contains=西区面粉").text
    assert client.get(f"/contacts/roles/{link}").status_code == 404
    assert client.post(f"/contacts/roles/{link}/end", data={"day": str(today())}).status_code == 404


def test_a_corrected_number_counts_as_unverified_and_is_told_at_every_employer(
    client: FlaskClient, harbour: Employer, wang: Contact, li: User
) -> None:
    wang.verified_on, wang.verified_how, wang.verified_by_id = today(), VerifiedHow.CALL, li.id
    data = {"name": "王芳", "mobile": "13900139000", "channel": "wechat"}
    assert client.post(f"/contacts/{wang.id}/edit", data=data).status_code == 303
    db.session.refresh(wang)
    assert [wang.mobile, wang.verified_on, wang.verified_how] == ["13900139000", None, None]
    assert (wang.email, wang.preferred_channel) == ("w@example.org", "wechat"), "empty fields stay"
    told = ["Mobile of %(name)s: %(old)s → %(new)s", "Data of %(name)s corrected"]
    assert summaries(harbour) == told
    assert summaries(mill_of(wang)) == told
    entry = db.session.scalars(select(TimelineEntry).order_by(TimelineEntry.id)).first()
    assert entry is not None
    assert "138****5678" in str(entry.params)
    assert MOBILE not in str(entry.params)
    data = {"name": "王芳", "no_email": "y"}
    assert client.post(f"/contacts/{wang.id}/edit", data=data).status_code == 303
    assert wang.email is None


def test_a_number_is_verified_and_found_dead_by_somebody_on_a_day(
    client: FlaskClient, harbour: Employer, wang: Contact, li: User
) -> None:
    url = f"/contacts/{wang.id}"
    tomorrow = str(today() + timedelta(days=1))
    assert client.post(f"{url}/verify", data={"how": "call", "on": tomorrow}).status_code == 422
    assert client.post(f"{url}/verify", data={"how": "visit", "on": str(today())}).status_code == 303
    assert (wang.verified_on, wang.verified_how, wang.verified_by_id) == (today(), "visit", li.id)
    assert "实地走访核实" in client.get(url).text
    assert client.post(f"{url}/dead", data={"day": "nonsense"}).status_code == 409
    assert client.post(f"{url}/dead", data={"day": str(today())}).status_code == 303
    assert (wang.invalid_since, wang.verified_on) == (today(), None)
    assert client.post(f"{url}/dead", data={"day": str(today())}).status_code == 409
    assert client.post(f"{url}/verify", data={"how": "call", "on": str(today())}).status_code == 303
    assert wang.invalid_since is None


def test_a_handler_change_closes_opens_welcomes_and_keeps_the_letter(
    client: FlaskClient, harbour: Employer, wang: Contact, li: User
) -> None:
    set_value(WELCOME_DAYS, 5)
    old = wang.employers[0]
    data = {
        **taking_up(leaving=str(old.id), authorisation="授权委托书 2026-8"),
        "letter": (BytesIO("授权赵敏为经办人".encode()), "授权书.txt"),
    }
    assert client.post(f"/contacts/at/{harbour.id}/handler", data=data).status_code == 303
    new = db.session.scalars(select(EmployerContact).order_by(EmployerContact.id.desc())).first()
    assert new is not None
    assert (old.until, new.until, new.contact.mobile) == (today(), None, "13800138000")
    assert new.authorisation == "授权委托书 2026-8"
    task = db.session.scalars(select(Task)).one()
    assert (task.kind, task.owner_id, task.params) == ("welcome", li.id, {"name": "赵敏"})
    assert task.due_on == add_working_days(today(), 5, provisional=True)
    assert summaries(harbour) == ["Handler: %(old)s → %(name)s", "File attached: %(title)s"]
    letter = db.session.scalars(select(Attachment)).one()
    assert (letter.kind, letter.record_id, letter.employer_id) == ("contact_role", new.id, harbour.id)
    assert "授权书.txt" in client.get(f"/contacts/roles/{new.id}").text
    # handed on before the welcome: only the newest is to be welcomed
    again = taking_up(name="孙丽", mobile="13800138001", leaving=str(new.id))
    assert client.post(f"/contacts/at/{harbour.id}/handler", data=again).status_code == 303
    assert [task.state for task in db.session.scalars(select(Task).order_by(Task.id))] == [
        TaskState.CANCELLED,
        TaskState.OPEN,
    ]


def test_a_handler_change_that_cannot_be_changes_nothing(
    client: FlaskClient, harbour: Employer, wang: Contact
) -> None:
    url, old = f"/contacts/at/{harbour.id}/handler", wang.employers[0]
    old.since = date(2026, 3, 1)
    refused = {
        "before the old one began": (400, taking_up(leaving=str(old.id), since="2026-02-01")),
        "in the future": (422, taking_up(leaving=str(old.id), since=str(today() + timedelta(days=1)))),
        "somebody else's handler": (422, taking_up(leaving=str(wang.employers[1].id))),
        "the same person": (422, taking_up(name="王芳", mobile=MOBILE, leaving=str(old.id))),
        "a letter that is no file": (
            400,
            taking_up(leaving=str(old.id)) | {"letter": (BytesIO(b"\x7fELF"), "x.pdf")},
        ),
    }
    for why, (status, data) in refused.items():
        assert client.post(url, data=data).status_code == status, why
    assert (people(), old.until, summaries(harbour)) == (1, None, [])


@pytest.mark.parametrize("mobile", ["12345678901", "138001380", "abc"])
def test_a_wrong_mobile_number_is_refused(client: FlaskClient, harbour: Employer, mobile: str) -> None:
    url = f"/contacts/at/{harbour.id}/new"
    assert client.post(url, data=taking_up(mobile=mobile)).status_code == 422
    assert people() == 0


def test_a_known_number_offers_the_person_instead_of_a_second_record(
    client: FlaskClient, harbour: Employer, wang: Contact, li: User
) -> None:
    second = create_employer(li.branch, name="滨海二厂")
    url = f"/contacts/at/{second.id}/new"
    while_typing = client.get(f"/contacts/check?mobile={MOBILE}").text
    assert "王芳" in while_typing
    assert "西区面粉厂" not in while_typing
    page = client.post(url, data=taking_up(mobile=MOBILE))
    assert page.status_code == 422
    assert f'value="{wang.id}"' in page.text
    assert client.post(url, data=taking_up(mobile=MOBILE, person_id=str(wang.id))).status_code == 303
    assert (second.contacts[0].contact_id, people()) == (wang.id, 1)
    third = create_employer(li.branch, name="滨海三厂")
    url = f"/contacts/at/{third.id}/new"
    assert client.post(url, data=taking_up(mobile=MOBILE, another="y")).status_code == 303
    assert people() == 2, "somebody else may have the number too"


def test_a_stranger_with_the_number_is_not_named_but_the_same_name_is_the_same_person(
    client: FlaskClient, harbour: Employer
) -> None:
    mill = create_employer(create_branch(name="西区管理部"), name="西区面粉厂")
    stranger = create_contact(mill, name="钱多", mobile=MOBILE)
    url = f"/contacts/at/{harbour.id}/new"
    for page in (
        client.get(f"/contacts/check?mobile={MOBILE}"),
        client.post(url, data=taking_up(mobile=MOBILE)),
    ):
        assert "西区管理部" in page.text
        assert "钱多" not in page.text
        assert "西区面粉厂" not in page.text
    assert client.get(f"/contacts/{stranger.id}").status_code == 404
    data = taking_up(mobile=MOBILE, person_id=str(stranger.id))
    assert client.post(url, data=data).status_code == 404
    assert client.post(url, data=taking_up(name="钱多", mobile=MOBILE)).status_code == 303
    assert (harbour.contacts[0].contact_id, people()) == (stranger.id, 1)


def test_who_left_for_another_branch_is_kept_by_that_branch(
    client: FlaskClient, harbour: Employer, wang: Contact
) -> None:
    wang.employers[0].until = date(2026, 1, 31)
    assert client.get(f"/contacts/{wang.id}").status_code == 200
    data = {"name": "王芳芳"}
    assert client.post(f"/contacts/{wang.id}/edit", data=data).status_code == 404
    wang.employers[1].until = date(2026, 1, 31)
    assert client.post(f"/contacts/{wang.id}/edit", data=data).status_code == 303


def test_an_ended_role_leaves_the_list_and_cannot_end_twice(
    client: FlaskClient, harbour: Employer, wang: Contact
) -> None:
    link = wang.employers[0]
    url = f"/contacts/roles/{link.id}/end"
    assert client.post(url, data={"day": str(today() + timedelta(days=1))}).status_code == 409
    assert link.until is None
    assert client.post(url, data={"day": str(today())}).status_code == 303
    assert link.until == today()
    assert client.post(url, data={"day": str(today())}).status_code == 409
    assert summaries(harbour) == ["Contact ended: %(name)s (%(role)s)"]


def test_mobile_coverage_is_a_figure_and_a_worklist_of_what_it_lacks(
    client: FlaskClient, harbour: Employer, wang: Contact, li: User
) -> None:
    without = create_employer(li.branch, name="无人联系厂", stage=Stage.IN_ARREARS)
    sealed = create_employer(li.branch, name="封存单位", stage=Stage.SEALED)
    page = client.get("/contacts/to-verify").text
    assert harbour.name in page
    assert without.name in page
    assert sealed.name not in page
    wang.verified_on = today()
    page = client.get("/contacts/to-verify").text
    assert harbour.name not in page
    assert without.name in page
    assert "50.0%" in client.get("/dashboard").text or "50%" in client.get("/dashboard").text
    wang.invalid_since = today()
    assert harbour.name in client.get("/contacts/to-verify").text
    assert "mobile_coverage" in current_features().kpis


def test_a_department_sets_the_days_of_a_welcome_within_bounds(client: FlaskClient) -> None:
    sign_in(client, create_user(Role.SYSTEM_ADMIN))
    assert client.post("/settings/options", data={"tasks-welcome_days": "0"}).status_code == 422
    assert WELCOME_DAYS.value() == 2
    assert client.post("/settings/options", data={"tasks-welcome_days": "3"}).status_code == 303
    forget_values()
    assert WELCOME_DAYS.value() == 3
    kept = select(AuditEvent.subject_id).where(AuditEvent.subject_type == "dated_settings")
    assert db.session.scalar(kept)
    sign_in(client, create_user(Role.MANAGER))
    assert client.get("/settings/options").status_code == 200
    assert client.post("/settings/options", data={"tasks-welcome_days": "4"}).status_code == 403
