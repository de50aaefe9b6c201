"""Letters from issuing to service: numbers without gaps, the archive, refusals, the page that verifies."""

import html
import runpy
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path

import pypdfium2
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app.accounts.models import User
from app.attachments.models import Attachment
from app.config import PROJECT
from app.core.clock import today
from app.core.db import db
from app.core.errors import DomainError, Forbidden, NotFound
from app.core.permissions import Role
from app.core.rules.legal import LegalBasis, seed_legal_basis
from app.core.timeline import TimelineEntry
from app.core.workflow.engine import transition
from app.employers.models import Employer
from app.tasks.models import Task, TaskState
from campaigns.channels.letter import queries as outlines
from campaigns.channels.letter.issued import queries, services
from campaigns.channels.letter.issued.models import Letter, LetterState, NumberSeries
from campaigns.channels.letter.issued.workflow import LETTER, find
from campaigns.channels.letter.models import LetterTemplate, LetterVersion
from campaigns.drafting.letters.queries import samples
from campaigns.drafting.letters.services import draft
from tests.attachments.files import PDF
from tests.campaigns.letters.posting import wish
from tests.factories import (
    create_branch,
    create_contact,
    create_employer,
    create_user,
    seed_outlines,
    sign_in,
)

TYPED = "xa 1234-5678 CN"
GIVEN = {"effective": "2026年9月5日", "phone": "12329"}


@pytest.fixture
def manager(app: Flask) -> User:
    seed_outlines()
    seed_legal_basis()
    return create_user(Role.MANAGER, branch=create_branch(name="滨海管理部"))


@pytest.fixture
def employer(manager: User) -> Employer:
    made = create_employer(
        manager.branch,
        name="滨海甲公司",
        address="港区路1号",
        employer_account_no="120000098765",
        owner_id=manager.id,
    )
    create_contact(made, name="王小明", mobile="13800004321")
    return made


def wording(code: str) -> LetterVersion:
    return next(one.versions[0] for one in db.session.scalars(outlines.listed()) if one.code == code)


def issued(employer: Employer, manager: User) -> Letter:
    return services.issue(wording("handler_change"), employer, GIVEN, manager)


def test_numbers_have_no_gap_even_where_issuing_failed(employer: Employer, manager: User) -> None:
    first = issued(employer, manager)
    db.session.commit()
    lost = issued(employer, manager)
    assert lost.serial == 2
    db.session.rollback()
    second = issued(employer, manager)
    transition(LETTER, second, "void", manager, answers={"reason": "印错一页"})
    third = issued(employer, manager)
    assert [first.serial, second.serial, third.serial] == [1, 2, 3]
    assert first.number == f"公积金函〔{today().year}〕1号"
    register = db.session.scalars(queries.register(manager).order_by(Letter.serial)).all()
    assert [(one.serial, one.state) for one in register] == [(1, "issued"), (2, "void"), (3, "issued")]
    assert register[1].reason == "印错一页"
    db.session.add(NumberSeries(prefix="公积金函", year=2020, last=7))
    db.session.flush()
    assert services.next_number("公积金函", 2020) == 8


def test_a_letter_is_archived_under_its_hash_and_made_again_to_the_byte(
    app: Flask, employer: Employer, manager: User, tmp_path: Path
) -> None:
    letter = issued(employer, manager)
    db.session.commit()
    kept = db.session.scalars(select(Attachment).where(Attachment.kind == "letter")).one()
    assert (kept.record_id, kept.sha256) == (letter.id, letter.sha256)
    assert queries.is_unchanged(letter, queries.rendered(letter))
    out = tmp_path / "letter.pdf"
    done = app.test_cli_runner().invoke(args=["letters", "render", str(letter.id), "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert queries.is_unchanged(letter, out.read_bytes())
    missing = app.test_cli_runner().invoke(args=["letters", "render", "999999"])
    assert missing.exit_code == 1
    assert "Traceback" not in missing.output


def test_what_may_not_leave_is_refused_with_every_reason(employer: Employer, manager: User) -> None:
    employer.address = None
    with pytest.raises(DomainError) as refused:
        services.issue(wording("arrears"), employer, {}, manager)
    # no address, and two articles whose wording nobody has confirmed
    assert len(refused.value.reasons) == 3
    employer.address = "港区路1号"
    with pytest.raises(DomainError):
        services.issue(wording("order"), employer, {}, manager)
    db.session.execute(update(LegalBasis).values(verified=True))
    with pytest.raises(DomainError, match="paid_through"):
        services.issue(wording("arrears"), employer, {"deadline": "2026年9月5日"}, manager)
    assert db.session.scalars(select(Letter)).all() == []


def test_a_returned_letter_asks_for_the_address_and_stops_the_next_one(
    client: FlaskClient, employer: Employer, manager: User
) -> None:
    letter = issued(employer, manager)
    db.session.commit()
    with pytest.raises(DomainError):
        transition(LETTER, letter, "post", manager, answers={"posted_on": today(), "tracking_no": "12"})
    for wrong in (today() - timedelta(days=1), today() + timedelta(days=1)):  # before its issue, not yet
        with pytest.raises(DomainError):
            transition(LETTER, letter, "post", manager, answers={"posted_on": wrong, "tracking_no": TYPED})
    transition(LETTER, letter, "post", manager, answers={"posted_on": today(), "tracking_no": TYPED})
    assert letter.tracking_no == "XA12345678CN"
    early = {"settled_on": today() - timedelta(days=9), "reason": "moved"}
    with pytest.raises(DomainError):
        transition(LETTER, letter, "return", manager, answers=early)
    transition(LETTER, letter, "return", manager, answers={"settled_on": today(), "reason": "moved"})
    task = db.session.scalars(select(Task).where(Task.kind == "letter_address")).one()
    assert (task.employer_id, task.owner_id) == (employer.id, manager.id)
    with pytest.raises(DomainError) as refused:
        issued(employer, manager)
    assert len(refused.value.reasons) == 1
    employer.address = "新区路2号"
    other = issued(employer, manager)
    another = {"posted_on": today(), "tracking_no": "XA12345678CN"}
    with pytest.raises(DomainError) as taken:  # the number of another parcel
        transition(LETTER, other, "post", manager, answers=another)
    assert letter.number in str(taken.value.reasons)
    other.branch = create_branch()
    with pytest.raises(DomainError) as elsewhere:
        transition(LETTER, other, "post", manager, answers=another)
    assert letter.number not in str(elsewhere.value.reasons), "letters of other branches are not named"
    other.branch = letter.branch
    # posted to the right address, it comes back from there: that one is wrong from then on
    assert queries.envelope(letter, None)["address"] == "新区路2号"
    transition(LETTER, letter, "post", manager, answers={"posted_on": today(), "tracking_no": "XA00000009CN"})
    assert letter.address == "新区路2号"
    transition(LETTER, letter, "return", manager, answers={"settled_on": today(), "reason": "unclaimed"})
    assert queries.came_back(employer)
    task = db.session.scalars(
        select(Task).where(Task.kind == "letter_address", Task.state == TaskState.OPEN)
    ).one()
    # handed over on a visit, the lawful way that remains
    transition(LETTER, letter, "deliver", manager, answers={"settled_on": today(), "received_by": "王小明"})
    sign_in(client, manager)
    history = html.unescape(client.get(f"/letters/{letter.id}").text)
    assert all(told in history for told in (TYPED, "单位已迁走", "XA00000009CN", "无人领取"))
    assert (letter.state, task.state, task.result) == (LetterState.DELIVERED, TaskState.DONE, "王小明")
    told = db.session.scalars(
        select(TimelineEntry.summary).where(TimelineEntry.employer_id == employer.id)
    ).all()
    assert services.ISSUED in told


def test_other_roles_and_branches_keep_their_hands_off(
    client: FlaskClient, employer: Employer, manager: User
) -> None:
    letter = issued(employer, manager)
    db.session.commit()
    specialist = create_user(Role.SPECIALIST, branch=manager.branch)
    with pytest.raises(Forbidden):
        transition(LETTER, letter, "void", specialist, answers={"reason": "x"})
    outsider = create_user(Role.MANAGER)
    with pytest.raises(NotFound):
        find(letter.id, outsider)
    sign_in(client, outsider)
    for page in ("", "/letter.pdf", "/envelope.pdf"):
        assert client.get(f"/letters/{letter.id}{page}").status_code == 404
    assert client.get(f"/letters/write/{employer.id}/arrears").status_code == 404
    assert letter.number not in client.get("/letters").text


def test_one_walk_from_the_employer_to_the_letter(
    client: FlaskClient, employer: Employer, manager: User
) -> None:
    sign_in(client, manager)
    page = f"/letters/write/{employer.id}/handler_change"
    seen = html.unescape(client.get(page).text)
    assert "120000098765" in seen  # what is known is filled in
    assert "{account}" not in seen
    preview = client.post(page, data={"effective": "2026-09-05", "phone": "12329", "preview": "1"})
    assert preview.data.startswith(b"%PDF-")
    assert db.session.scalars(select(Letter)).all() == []  # a look takes no number
    refused = html.unescape(client.get(f"/letters/write/{employer.id}/arrears").text)
    assert "现行文本尚未确认" in refused  # and says so before anything is typed
    assert client.get(f"/letters/write/{employer.id}/order").status_code == 404
    assert client.post(page, data={"effective": "不是日期", "phone": "12329"}).status_code == 422
    assert (
        client.post(page, data={"effective": date(2026, 9, 5).isoformat(), "phone": "12329"}).status_code
        == 303
    )
    letter = db.session.scalars(select(Letter)).one()
    shown = html.unescape(client.get(f"/letters/{letter.id}").text)
    assert letter.number in shown
    assert "滨海甲公司" in shown
    assert queries.is_unchanged(letter, client.get(f"/letters/{letter.id}/letter.pdf").data)
    with pypdfium2.PdfDocument(client.get(f"/letters/{letter.id}/envelope.pdf").data) as envelope:
        written = envelope[0].get_textpage().get_text_range()
    assert all(part in written for part in ("港区路1号", "滨海甲公司", "王小明", letter.number)), written
    assert letter.number in html.unescape(client.get("/letters").text)


def test_many_scans_go_to_their_letters_or_none_does(
    client: FlaskClient, employer: Employer, manager: User
) -> None:
    first, second = issued(employer, manager), issued(employer, manager)
    second.tracking_no = "XA12345678CN"  # shorter than the post's own
    db.session.commit()
    sign_in(client, manager)

    def posted(*names: str) -> tuple[int, str]:
        files = [(BytesIO(PDF + name.encode()), name) for name in names]
        answer = client.post("/letters/scans", data={"files": files, "proves": "送达回证"})
        return answer.status_code, html.unescape(answer.text)

    by_number, by_parcel = (
        f"{first.number} 回执.pdf".replace("〔", "[").replace("〕", "]"),
        "20260905123 xa12345678cn-回执.pdf",
    )
    scans = select(Attachment.record_id).where(Attachment.proves == "送达回证").order_by(Attachment.record_id)
    status, page = posted(by_number, by_parcel, "照片.pdf")
    assert (status, list(db.session.scalars(scans))) == (422, [])
    assert "未找到" in page
    status, page = posted(by_number, by_parcel)
    assert (status, list(db.session.scalars(scans))) == (303, [first.id, second.id])
    sign_in(client, create_user(Role.MANAGER))  # of another branch
    assert posted(by_number)[0] == 422


def test_the_letter_to_a_new_handler_names_the_one_before_half_and_what_the_change_rests_on(
    client: FlaskClient, employer: Employer, manager: User
) -> None:
    path = next((PROJECT / "migrations" / "versions").glob("*_handover_letter.py"))
    second = runpy.run_path(str(path))["insert_letters"]
    for _ in range(2):  # again changes nothing
        second(db.session.connection(), LetterTemplate.__table__, LetterVersion.__table__)
    db.session.expire_all()
    version = wording("handler_change")
    assert version.number == 2
    (now,) = employer.contacts
    first = services.issue(version, employer, GIVEN | {"handler_since": "2026年9月5日"}, manager)
    told = "住房公积金经办人由原经办人变更登记为王小明"
    assert "根据你单位提交的变更申请，" in str(first.data)
    assert told in str(first.data)
    create_contact(employer, name="张大明", until=date(2026, 9, 4))
    now.since, now.authorisation = date(2026, 9, 5), "授权委托书（2026）8号"
    db.session.commit()
    sign_in(client, manager)
    page = f"/letters/write/{employer.id}/handler_change"
    assert 'name="handler_since"' not in client.get(page).text, "it is known, so nobody is asked"
    assert client.post(page, data={"phone": "12329"}).status_code == 303
    letter = db.session.scalars(select(Letter).order_by(Letter.id.desc())).first()
    assert letter is not None
    for words in ("提交的授权委托书（2026）8号", "由张*明变更登记为王小明，自2026年9月5日起生效"):
        assert words in str(letter.data)
    assert "张大明" not in str(letter.data)
    # and in a campaign each has its own
    campaign = draft(wish(version=version, given={"phone": "12329"}), manager, manager.branch)
    (member,) = samples(campaign)
    assert member.variables["previous_handler"] == "张*明"
    assert member.variables["handler_since"] == "2026年9月5日"
