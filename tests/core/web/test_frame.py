"""The frame that is kept between pages: never another reader's, never out of date."""

import gc
import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete

from app.accounts.models import User, UserRole
from app.core.db import db
from app.core.listing.screen import ListScreen
from app.core.permissions import Role
from app.core.preferences import pin
from app.core.web import frame
from app.employers.models import Employer
from tests.factories import create_employer, create_user, sign_in


@pytest.fixture
def reader(client: FlaskClient) -> User:
    user = create_user(Role.MANAGER, name="李婷")
    db.session.commit()
    sign_in(client, user)
    return user


def navigation(page: str) -> str:
    return page[page.index("<aside") : page.index("</aside>")]


@pytest.mark.databases("sqlite")
def test_what_a_frame_shows_changes_with_the_reader_and_with_nothing_else(
    client: FlaskClient, reader: User
) -> None:
    first = client.get("/tasks").text
    kept = frame._sidebar.cache_info().currsize
    assert navigation(client.get("/tasks").text)
    assert frame._sidebar.cache_info().currsize == kept
    assert "李婷" in first
    assert "李婷" not in navigation(first)
    assert navigation(first).count('aria-current="page"') == 1

    reader.name, reader.branch.name = "<b>王芳", "北塘<管理部"
    pin(reader.id, "employers", 7, '"><script>')
    db.session.commit()
    page = client.get("/tasks").text
    assert "李婷" not in page
    assert "&lt;b&gt;王芳 · 北塘&lt;管理部" in page
    assert "&#34;&gt;&lt;script&gt;" in navigation(page)
    assert "<script>" not in page

    db.session.execute(delete(UserRole).where(UserRole.user_id == reader.id))
    db.session.add(UserRole(user_id=reader.id, role=Role.SPECIALIST))
    db.session.commit()
    assert navigation(client.get("/tasks").text) != navigation(page)

    client.set_cookie("language", "en")
    client.set_cookie("theme", "dark")
    english = client.get("/tasks").text
    assert 'aria-label="Main navigation"' in navigation(english)
    assert "Colours: dark" in english


@pytest.mark.databases("sqlite")
def test_the_navigation_opens_with_the_readers_daily_work_and_stays_as_they_leave_it(
    client: FlaskClient, reader: User
) -> None:
    def opened(page: str) -> set[str]:
        return set(re.findall(r'<details class="nav-group" data-group="(\w+)" open', navigation(page)))

    assert opened(client.get("/tasks").text) == {"work", "employers", "outreach", "insight"}
    assert opened(client.get("/arrears").text) == {"work", "employers", "outreach", "insight", "dues"}
    client.set_cookie("nav", "work.0_outreach.0_relief.1_insight.2_<b>.1")
    assert opened(client.get("/tasks").text) == {"work", "employers", "insight", "relief"}
    assert "<b>" not in navigation(client.get("/tasks").text)


@pytest.mark.databases("sqlite")
def test_a_kept_frame_holds_each_readers_own_token_and_words(client: FlaskClient, reader: User) -> None:
    sought = client.get("/search?q=%22%3E%3Cb%3E").text
    assert 'value="&#34;&gt;&lt;b&gt;"' in sought
    assert 'id="search" value=""' in client.get("/tasks?q=secret").text
    other = client.application.test_client()
    sign_in(other, reader)
    pages = client.get("/tasks").text, other.get("/tasks").text
    for page in pages:
        assert frame._TOKEN not in page
        assert frame._SOUGHT not in page
    own, theirs = (set(re.findall(r'name="csrf_token" value="([^"]+)"', page)) for page in pages)
    assert len(own) == len(theirs) == 1
    assert own != theirs


def test_a_list_leaves_no_rows_behind_that_only_the_search_for_garbage_finds(
    client: FlaskClient, reader: User
) -> None:
    create_employer(branch=reader.branch)
    db.session.commit()
    client.get("/employers")
    db.session.expunge_all()
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        assert client.get("/employers").status_code == 200
        db.session.expunge_all()
        gc.collect()
        left = [kept for kept in gc.garbage if isinstance(kept, Employer | ListScreen)]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
    assert not left
