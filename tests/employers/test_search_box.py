"""What the search box finds besides employers."""

import re

import pytest
from flask import Flask, current_app
from flask.testing import FlaskClient
from sqlalchemy import update

from app.accounts.models import User
from app.core import searching
from app.core.clock import today
from app.core.criteria import segments
from app.core.db import db
from app.core.finds import Found
from app.core.listing.declaration import PAGES, ListDeclaration
from app.core.permissions import Role, may_open
from app.core.searching import search_all
from app.employers.areas.models import Area, AreaKind
from app.employers.lists import employer_fields
from app.employers.models import Contact, ContactRole, EmployerContact
from app.employers.search.jobs import complete_search
from app.employers.search.models import SEARCH
from app.employers.search.queries import people
from app.tasks.following.services import WELCOME
from app.tasks.services import open_task
from tests.factories import create_branch, create_employer, create_user, sign_in


def searched(text: str, actor: User) -> dict[str, Found]:
    db.session.commit()
    with current_app.test_request_context():
        return {kind.name: hits for kind, hits in search_all(text, actor, 10)}


def found(text: str, actor: User) -> dict[str, list[str]]:
    return {name: [hit.title for hit in hits.hits] for name, hits in searched(text, actor).items()}


def remind(user: User, title: str, params: dict[str, str] | None = None) -> None:
    open_task("other", title, today(), branch_id=user.branch_id, owner_id=user.id, params=params)


@pytest.fixture
def officer(app: Flask) -> User:
    branch = create_branch()
    actor = create_user(branch=branch)
    employer = create_employer(branch, name="滨海港务有限公司")
    for name, mobile in (("李小梅", "13812345678"), ("张三", "13900001111")):
        link = EmployerContact(contact=Contact(name=name, mobile=mobile), role=ContactRole.HANDLER)
        employer.contacts.append(link)
    db.session.commit()
    return actor


@pytest.mark.parametrize("text", ["李小梅", "小梅", "梅", "lxm", "xiaomei", "LiXiao", "5678", "12345678"])
def test_a_person_is_found_by_name_pinyin_or_four_digits(officer: User, text: str) -> None:
    hits = searched(text, officer)["people"]
    assert [hit.title for hit in hits.hits] == ["李小梅"]
    assert list(hits.hits[0].about) == ["138****5678", "滨海港务有限公司"]
    assert (hits.total, hits.more) == (1, False)


def test_fewer_digits_and_other_branches_find_nobody(officer: User) -> None:
    assert found("567", officer) == {}
    stranger = create_user(branch=create_branch())
    assert found("李小梅", stranger) == found("5678", stranger) == {}


def test_who_left_is_no_longer_found_there(officer: User) -> None:
    link = db.session.query(EmployerContact).filter(EmployerContact.contact.has(name="张三")).one()
    link.until = today()
    assert found("zhangsan", officer) == {}


def test_what_was_indexed_before_is_completed_by_the_nightly_job(officer: User) -> None:
    db.session.execute(update(SEARCH).values(contact_pinyin=None))
    db.session.commit()
    complete_search()
    assert [person.name for person in people("zs", officer)] == ["张三"]


def test_tasks_campaigns_segments_and_areas_are_found_in_reach(officer: User) -> None:
    remind(officer, "上门回访%折扣")
    segments.save("employers", "回访名单", {"match": "all", "rules": []}, employer_fields(), officer)
    stranger = create_user(branch=create_branch())
    remind(stranger, "回访邻区")
    segments.save("employers", "回访私藏", {"match": "all", "rules": []}, employer_fields(), stranger)
    db.session.add(Area(code="120116", name="回访街", kind=AreaKind.STREET, path="/1/"))
    assert found("回访", officer) == {
        "tasks": ["上门回访%折扣"],
        "segments": ["回访名单"],
        "areas": ["回访街"],
    }
    assert found("%折", officer) == {"tasks": ["上门回访%折扣"]}
    assert found("hfmd", officer) == {"segments": ["回访名单"]}
    assert found("_", officer) == {}


def test_a_task_of_the_house_is_found_in_the_readers_language(officer: User) -> None:
    remind(officer, WELCOME, {"name": "李"})
    assert found("联系新", officer) == {"tasks": ["联系新经办人李"]}


def test_all_of_a_kind_are_the_list_with_that_condition(
    app: Flask, officer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "COUNT_CAP", 12)
    for number in range(14):
        remind(officer, f"回访{number:02}")
    db.session.commit()
    client = app.test_client()
    sign_in(client, officer)
    page = client.get("/search?q=回访").text
    assert "12+" in page
    href = re.search(r'href="(/tasks\?[^"]+)"', page)
    assert href is not None
    listed = client.get(href[1].replace("&amp;", "&")).text
    assert all(f"回访{number:02}" in listed for number in range(14))


@pytest.mark.databases("sqlite")
def test_kinds_that_a_role_may_not_open_are_not_searched(app: Flask) -> None:
    partner = create_user(Role.BANK_PARTNER)
    kinds = {kind.name for kind in app.extensions["features"].search if may_open(partner, kind.endpoint)}
    assert "people" in kinds
    assert not kinds & {"campaigns", "imports", "areas"}


@pytest.mark.databases("sqlite")
def test_every_list_with_a_page_names_one_that_exists(app: Flask, client: FlaskClient) -> None:
    pages: list[ListDeclaration] = [page for page in PAGES.values() if page.endpoint]
    assert len(pages) > 12
    assert all(str(page.endpoint) in app.view_functions for page in pages)
