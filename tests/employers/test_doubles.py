"""People who may be recorded twice."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.accounts.models import User
from app.audit.models import AuditEvent
from app.core.db import db
from app.core.listing.runs import ListRun
from app.core.merging.pairing import PairState
from app.core.permissions import Role
from app.employers.doubles.models import ContactPair
from app.employers.doubles.services import refresh
from app.employers.models import Contact, Employer
from tests.factories import create_contact, create_employer, create_user, sign_in

MOBILE, OTHER = "13812345678", "13900001111"
LIST = "/contacts/doubles"


@pytest.fixture
def head(client: FlaskClient) -> User:
    user = create_user(Role.MANAGER)
    sign_in(client, user)
    return user


@pytest.fixture
def harbour(head: User) -> Employer:
    return create_employer(head.branch, name="滨海港务有限公司")


def found() -> dict[tuple[str, str], tuple[int, list[str]]]:
    refresh()
    pairs = db.session.scalars(select(ContactPair).order_by(ContactPair.id))
    return {(pair.first.name, pair.second.name): (pair.score, pair.rules) for pair in pairs}


def test_each_pair_has_a_score_and_says_why(head: User, harbour: Employer) -> None:
    elsewhere = create_employer(head.branch)
    create_contact(harbour, name="李小梅", mobile=MOBILE)
    create_contact(elsewhere, name="李小梅", mobile=MOBILE)
    create_contact(harbour, name="王芳", mobile=OTHER)
    create_contact(harbour, name="王芳")
    assert found() == {
        ("李小梅", "李小梅"): (65, ["mobile", "same_name"]),
        ("王芳", "王芳"): (50, ["same_employer", "same_name"]),
    }


def test_one_name_at_two_employers_or_one_number_of_two_names_is_no_reason(
    head: User, harbour: Employer
) -> None:
    elsewhere = create_employer(head.branch)
    create_contact(harbour, name="李小梅", mobile=MOBILE)
    create_contact(elsewhere, name="李小梅", mobile=OTHER)
    create_contact(elsewhere, name="张三", mobile=MOBILE)
    assert found() == {}


def test_the_number_of_a_crowd_tells_nothing(head: User) -> None:
    for _number in range(12):
        create_contact(create_employer(head.branch), name="代理记账", mobile=MOBILE)
    assert found() == {}


def test_the_worklist_leads_to_the_merge_and_a_merged_pair_leaves_it(
    client: FlaskClient, head: User, harbour: Employer
) -> None:
    first = create_contact(harbour, name="李小梅", mobile=MOBILE)
    second = create_contact(create_employer(head.branch), name="李小梅", mobile=MOBILE)
    found()
    db.session.commit()
    page = client.get(LIST).text
    assert f"/contacts/merge/{first.id}/{second.id}" in page
    assert "同一手机号" in page
    assert MOBILE not in page
    db.session.get_one(Contact, second.id).merged_into_id = first.id
    db.session.commit()
    assert f"/contacts/merge/{first.id}/" not in client.get(LIST).text


def test_two_persons_after_all_stay_two_with_the_reason(
    client: FlaskClient, head: User, harbour: Employer
) -> None:
    create_contact(harbour, name="王芳", mobile=OTHER)
    create_contact(harbour, name="王芳")
    found()
    db.session.commit()
    pair = db.session.scalars(select(ContactPair)).one()
    chosen = {"do": "bulk:apart", "rows": "chosen", "ids": pair.id}
    client.post(LIST, data={**chosen, "confirmed": "1", "expected": "1", "reason": "同名的两位会计"})
    refresh()
    db.session.expire_all()
    assert (pair.state, pair.reason) == (PairState.DISTINCT, "同名的两位会计")
    assert db.session.scalar(select(AuditEvent.id).where(AuditEvent.action == "Two persons kept apart"))
    run = db.session.scalars(select(ListRun)).one()
    client.post(f"/runs/{run.id}/undo")
    db.session.expire_all()
    assert (pair.state, pair.reason, pair.decided_by_id) == (PairState.OPEN, "", None)


def test_other_branches_and_those_who_may_not_merge_see_nothing(
    client: FlaskClient, head: User, harbour: Employer
) -> None:
    create_contact(harbour, name="王芳", mobile=OTHER)
    create_contact(harbour, name="王芳")
    found()
    sign_in(client, create_user(Role.MANAGER))
    assert "王芳" not in client.get(LIST).text
    sign_in(client, create_user(Role.SPECIALIST, branch=head.branch))
    assert client.get(LIST).status_code == 403
