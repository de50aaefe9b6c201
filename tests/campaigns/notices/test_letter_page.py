"""The page behind a letter's QR code: it verifies the letter, and lets its addressee answer."""

import html
import re
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.accounts.models import User
from app.core.clock import now
from app.core.db import db
from app.core.permissions import Role
from app.core.rules.legal import seed_legal_basis
from app.core.timeline import TimelineEntry
from app.core.workflow.engine import transition
from app.tasks.models import Task
from campaigns.channels.letter import queries as outlines
from campaigns.channels.letter.issued import services
from campaigns.channels.letter.issued.models import Letter
from campaigns.channels.letter.issued.workflow import LETTER
from campaigns.notices.policy import LETTER_DAYS
from campaigns.notices.services import CONFIRMED, FETCHED, KIND, OPENED
from tests.factories import create_branch, create_contact, create_employer, create_user, seed_outlines

pytestmark = pytest.mark.databases("sqlite")
GIVEN = {"effective": "2026年9月5日", "phone": "12329"}


@pytest.fixture
def manager(app: Flask) -> User:
    seed_outlines()
    seed_legal_basis()
    return create_user(Role.MANAGER, branch=create_branch(name="滨海管理部"))


@pytest.fixture
def letter(manager: User) -> Letter:
    """Issued to an employer with a handler and an account."""
    employer = create_employer(
        manager.branch,
        name="滨海甲公司",
        address="港区路1号",
        employer_account_no="120000098765",
        owner_id=manager.id,
    )
    create_contact(employer, name="王小明", mobile="13800004321")
    wording = next(one for one in db.session.scalars(outlines.listed()) if one.code == "handler_change")
    made = services.issue(wording.versions[0], employer, GIVEN, manager)
    db.session.commit()
    return made


# of the mobile, of the account, and as a Chinese keyboard writes them
@pytest.mark.parametrize("digits", ["4321", "8765", "４３２１"])
def test_the_page_verifies_a_letter_for_its_addressee_who_may_answer_and_take_it_along(
    client: FlaskClient, letter: Letter, manager: User, digits: str
) -> None:
    page = f"/n/letter/{letter.token}"
    assert services.link(letter.token).endswith(page)
    asked = client.get(page)
    for secret in (letter.number, "滨海甲公司", digits):
        assert secret not in html.unescape(asked.text)
    assert asked.headers["X-Robots-Tag"].startswith("noindex")
    assert client.get(f"{page}/letter.pdf").status_code == 303
    assert client.post(page, data={"digits": digits}).status_code == 303
    shown = html.unescape(client.get(page).text)
    assert letter.number in shown
    assert "滨海甲公司" in shown
    assert ('id="leave"' in shown) is (digits != "8765")
    # what is refused or done is seen without looking for it on a small screen
    assert {f"{page}/{act}#{act}" for act in ("confirm", "ask", "correct")} <= set(
        re.findall(r'action="([^"]+)"', shown)
    )
    client.post(f"{page}/confirm")
    client.post(f"{page}/ask", data={"wanted": "callback", "note": "想了解材料"})
    document = client.post(f"{page}/letter.pdf", follow_redirects=True)
    assert document.data.startswith(b"%PDF-")
    db.session.expire_all()
    assert None not in (letter.opened_at, letter.confirmed_at, letter.asked_at, letter.fetched_at)
    task = db.session.scalars(select(Task).where(Task.kind == "callback")).one()
    assert (task.owner_id, task.employer_id, task.note) == (manager.id, letter.employer_id, "想了解材料")
    entries = db.session.scalars(select(TimelineEntry).where(TimelineEntry.kind == KIND)).all()
    assert {OPENED, CONFIRMED, FETCHED} < {one.summary for one in entries}
    assert {(one.employer_id, one.endpoint) for one in entries} == {(letter.employer_id, "letters.show")}


def full_width(letters: str) -> str:
    """As a Chinese keyboard may write letters and digits."""
    return "".join(chr(ord(one) + 0xFEE0) for one in letters)


def test_a_void_an_old_and_a_tampered_letter_lead_to_the_same_page(
    client: FlaskClient, letter: Letter, manager: User
) -> None:
    page, code = f"/n/letter/{letter.token}", letter.code
    typed = client.post("/n/letter", data={"code": f"{code[:5].lower()}－{full_width(code[5:])}"})
    assert typed.headers["Location"].endswith(page)
    assert client.post("/n/letter", data={"code": code[:-1] + "1"}).status_code == 422
    assert client.get(page[:-1] + ("A" if page[-1] != "A" else "B")).status_code == 404
    client.post(page, data={"digits": "4321"})
    with time_machine.travel(now() + timedelta(days=LETTER_DAYS.usual, minutes=1)):
        assert client.get(page).status_code == 404
        assert client.post("/n/letter", data={"code": code}).status_code == 422
    transition(LETTER, letter, "void", manager, answers={"reason": "印错一页"})
    db.session.commit()
    for step in ("", "/confirm", "/ask", "/leave", "/letter.pdf"):
        assert client.post(page + step, data={"digits": "4321"}).status_code == 404
    assert client.get(page).status_code == client.get(f"{page}/letter.pdf").status_code == 404


def test_too_many_wrong_digits_close_a_letter_even_for_the_right_ones(
    client: FlaskClient, letter: Letter
) -> None:
    page = f"/n/letter/{letter.token}"
    for _try in range(5):
        last = client.post(page, data={"digits": "0000"})
    assert last.status_code == 429
    assert client.post(page, data={"digits": "4321"}).status_code == 429
    assert letter.number not in html.unescape(client.get(page).text)


def test_a_letter_to_an_employer_without_an_account_opens_by_its_credit_code(
    client: FlaskClient, letter: Letter
) -> None:
    page = f"/n/letter/{letter.token}"
    letter.phone = letter.account = None
    letter.employer.uscc = "91120000MA00000K3X"
    db.session.commit()
    assert "统一社会信用代码" in client.get(page).text
    assert client.post(page, data={"digits": "8765"}).status_code == 422
    assert client.post(page, data={"digits": "0k3x"}).status_code == 303
    assert letter.number in html.unescape(client.get(page).text)


def test_a_form_that_is_loaded_anew_leads_back_to_the_page_and_does_nothing(
    client: FlaskClient, letter: Letter
) -> None:
    page = f"/n/letter/{letter.token}"
    client.post(page, data={"digits": "4321"})
    answer = client.get(f"{page}/correct")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{page}#correct")
    assert client.get(f"{page}/confirm").status_code == 303
    db.session.expire_all()
    assert letter.confirmed_at is None
    assert client.get(f"/n/letter/{'x' * 16}/ask").status_code == 404
