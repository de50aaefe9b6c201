"""A campaign by letter from its audience to the post: numbers, batches, counts, a balance that adds up."""

import html
import io
import json
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet
from sqlalchemy import select, update

from app.accounts.models import User
from app.attachments.queries import path_of, verify
from app.core.clock import now, today
from app.core.criteria.segments import Segment
from app.core.db import db, writing
from app.core.documents.pdf_pages import starts
from app.core.errors import Conflict, DomainError, Forbidden, NotFound
from app.core.jobs import run_inline
from app.core.permissions import Role
from app.core.timeline import TimelineEntry
from app.core.workflow.engine import transition
from app.employers.models import Employer
from app.tasks.models import Task, TaskState
from campaigns.channels.letter.issued import queries as issued
from campaigns.channels.letter.issued.models import Letter, LetterState, ReturnReason, Sheaf
from campaigns.channels.letter.issued.workflow import LETTER
from campaigns.channels.letter.services import set_letterhead
from campaigns.channels.letter.sheaves.services import fresh_marks
from campaigns.drafting import services as drafting
from campaigns.drafting.models import (
    AudienceMember,
    Campaign,
    CampaignState,
    Exclusion,
    StepCondition,
    StepKind,
)
from campaigns.drafting.steps.services import Step, set_steps
from campaigns.following.jobs import follow_all
from campaigns.ledger import queries
from campaigns.ledger.letters import jobs, services
from campaigns.ledger.letters.queries import to_withdraw
from campaigns.ledger.models import Message, MessageState
from campaigns.ledger.printing import services as printing
from campaigns.ledger.printing.models import PrintBatch, PrintLine, PrintState
from campaigns.ledger.printing.workflow import PRINT_BATCH, find
from campaigns.ledger.services import controlling
from tests.campaigns.letters.posting import (
    EVERYBODY,
    approved,
    author_with,
    create_addressed,
    drafted,
    launched_here,
    made,
    numbers,
    planned,
    wording,
)
from tests.factories import create_user, sign_in
from tests.spreadsheets import workbook

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def test_whom_no_letter_can_reach_is_left_out_with_the_reason(app: Flask) -> None:
    author = author_with(2)
    branch = author.branch
    create_addressed(branch, 10, name="无地址公司")
    create_addressed(branch, 11, name="乱写公司", address="无")
    for n, address in ((12, "港区路9号"), (13, "港区路 ９ 号")):
        create_addressed(branch, n, name="重名公司", name_key="重名公司", address=address)
    moved = create_addressed(branch, 14, name="搬走公司", address="旧路1号")
    campaign = drafted(author)
    first = drafting_letter_to(moved, campaign)
    first.state, first.address = LetterState.RETURNED, "旧路1号"
    db.session.flush()
    drafting.reckon_again(campaign)
    rows = db.session.scalars(select(AudienceMember).where(AudienceMember.campaign_id == campaign.id))
    reasons = {row.employer.name: str(row.excluded) for row in rows if row.excluded}
    assert reasons["无地址公司"] == "no_address"
    assert reasons["乱写公司"] == "bad_address"
    assert reasons["搬走公司"] == "dead_address"
    assert reasons["重名公司"] == "duplicate"
    assert campaign.recipients == 3


def drafting_letter_to(employer: Employer, campaign: Campaign) -> Letter:
    assert campaign.letter_version is not None
    letter = Letter(
        version_id=campaign.letter_version.id, employer_id=employer.id, branch_id=employer.branch_id,
        prefix="旧", year=2020, serial=1, issued_on=date(2020, 1, 1), token="t" * 16, code="c" * 10,
        data={"title": "旧函", "addressee": "旧"}, address="", by_id=campaign.created_by_id,
    )  # fmt: skip
    db.session.add(letter)
    db.session.flush()
    return letter


def test_from_launch_to_post_every_letter_is_accounted_for(app: Flask) -> None:
    author = author_with(5)
    campaign = launched_here(author)
    assert numbers() == [(n, "issued") for n in range(1, 6)]
    balance = queries.balance(campaign)
    assert (balance.progress.submitted, balance.letters, balance.adds_up) == (5, 5, True)
    batch = db.session.scalars(select(PrintBatch)).one()
    assert (batch.lines, batch.pages % 2, bool(batch.sha256)) == (5, 0, True)
    assert verify().whole
    # fonts are not copied for each letter: a batch of a thousand stays a file that can be kept
    assert path_of(batch.sha256).stat().st_size < 2 * path_of(all_letters()[0].sha256).stat().st_size
    letters = db.session.scalars(select(Letter).order_by(Letter.serial)).all()
    again = issued.archived_again(letters[0])
    assert issued.is_unchanged(letters[0], again)
    begins, pages = starts(again)
    assert [letter.first_page for letter in letters] == begins
    assert sum(letter.pages or 0 for letter in letters) == pages
    told = select(TimelineEntry).where(TimelineEntry.link_id == letters[2].id, TimelineEntry.kind == "letter")
    assert db.session.scalars(told).one().employer_id == letters[2].employer_id
    follow_to_the_end(campaign, batch, create_user(Role.BRANCH_HEAD, branch=author.branch))
    shown = app.test_cli_runner().invoke(args=["campaigns", "balance", str(campaign.id), "--json"])
    told_balance = json.loads(shown.output)
    assert (told_balance["delivered"], told_balance["failed"], told_balance["adds_up"]) == (4, 1, True)
    assert told_balance["letters"] == 5
    db.session.refresh(campaign)
    assert campaign.state is CampaignState.FINISHED


def follow_to_the_end(campaign: Campaign, batch: PrintBatch, head: User) -> None:
    """One is spoilt at the printer's and made anew; counts that differ are refused; one letter comes back."""
    hand_out = {"handed_on": today(), "count_out": 4}
    with pytest.raises(DomainError):
        transition(PRINT_BATCH, batch, "hand_out", head, answers=hand_out)
    transition(PRINT_BATCH, batch, "hand_out", head, answers=hand_out | {"count_out": 5})
    lines = db.session.scalars(select(PrintLine).order_by(PrintLine.number)).all()
    with pytest.raises(DomainError):  # not printed yet
        transition(
            LETTER, lines[0].letter, "post", head,
            answers={"posted_on": today(), "tracking_no": "XA00000001CN"},
        )  # fmt: skip
    printing.spoil(lines[1], "卡纸", head)
    with pytest.raises(DomainError):
        printing.spoil(lines[1], "又一次", head)
    with pytest.raises(DomainError):
        transition(
            PRINT_BATCH, batch, "take_in", head,
            answers={"returned_on": today(), "count_in": 5},
        )  # fmt: skip
    transition(PRINT_BATCH, batch, "take_in", head, answers={"returned_on": today(), "count_in": 4})
    db.session.commit()
    with run_inline():
        jobs.sweep_letters()
    assert numbers() == [
        (1, "issued"),
        (2, "void"),
        (3, "issued"),
        (4, "issued"),
        (5, "issued"),
        (6, "issued"),
    ]
    second = db.session.scalars(select(PrintBatch).where(PrintBatch.number == 2)).one()
    assert second.lines == 1
    transition(PRINT_BATCH, second, "hand_out", head, answers={"handed_on": today(), "count_out": 1})
    transition(PRINT_BATCH, second, "take_in", head, answers={"returned_on": today(), "count_in": 1})
    db.session.commit()
    with pytest.raises(DomainError) as refused:
        printing.post(batch, today(), [(1, "XA00000001CN"), (2, "XA00000002CN")], head)
    assert len(refused.value.reasons) == 1
    db.session.rollback()
    printing.post(batch, today(), [(n, f"XA0000000{n}CN") for n in (1, 3, 4, 5)], head)
    printing.post(second, today(), [(1, "XA00000006CN")], head)
    posted = db.session.scalars(select(Letter).where(Letter.state == "posted").order_by(Letter.serial)).all()
    returned = {"settled_on": today(), "reason": "moved"}
    transition(LETTER, posted[0], "return", head, answers=returned)
    assert db.session.scalars(select(Task).where(Task.kind == "letter_address")).one()
    for letter in posted[1:]:
        received = {"settled_on": today(), "received_by": "前台"}
        transition(LETTER, letter, "deliver", head, answers=received)
    db.session.commit()


def run(app: Flask, *command: str) -> dict[str, Any]:
    done = app.test_cli_runner().invoke(args=[*command, "--json"])
    assert done.exit_code == 0, done.output
    answer: dict[str, Any] = json.loads(done.output)
    return answer


def test_the_list_of_the_post_moves_letters_and_ledger_and_is_taken_back(
    app: Flask, client: FlaskClient, tmp_path: Path
) -> None:
    campaign = launched_here(author_with(4))
    db.session.execute(update(PrintBatch).values(state=PrintState.RETURNED))
    db.session.commit()
    year, day, to_come = today().year, today().isoformat(), (today() + timedelta(days=2)).isoformat()
    file = workbook(
        tmp_path / "post.xlsx",
        [
            ["文号", "邮件号", "收寄日期", "投递结果", "投递日期", "签收人", "退回原因"],
            [f"公积金函〔{year}〕1号", "XA10000001CN", day, "妥投", day, "王会计", ""],
            [f"公积金函[{year}]2号", "XA10000002CN", day, "退回", day, "", "查无此址"],
            [f"公积金函〔{year}〕3号", "XA10000001CN", day, "", "", "", ""],
            [f"公积金函〔{year}〕99号", "XA10000009CN", day, "", "", "", ""],
            [f"公积金函（{year}）第 1 号", "xa 1000 0001 cn", day, "妥投", day, "王会计", ""],
            [f"公积金函〔{year}〕4号", "XA10000004CN", day, "妥投", to_come, "王会计", ""],
        ],
    )
    answer = run(app, "imports", "apply", "letter_post", str(file))
    # whoever is told the same number twice is told so: the first letter keeps it
    assert answer["reasons"] == {
        "number.unknown": 1, "tracking_no.tracking_taken": 1, "repeated": 1, "settled_on.future_date": 1,
    }  # fmt: skip
    states = dict(numbers())
    assert (states[1], states[2], states[4]) == ("delivered", "returned", "issued")
    letter = db.session.scalars(select(Letter).where(Letter.serial == 2)).one()
    assert letter.reason == ReturnReason.NO_SUCH_ADDRESS
    task = db.session.scalars(select(Task).where(Task.kind == "letter_address")).one()
    assert (task.source_id, task.state) == (letter.id, TaskState.OPEN)
    progress = queries.balance(campaign).progress
    assert (progress.delivered, progress.failed) == (1, 1)
    assert queries.balance(campaign).adds_up
    # posted once more it goes to the address of today, and to the old one again when the list is taken back
    old, letter.employer.address = letter.address, "新港路99号"
    db.session.commit()
    anew = [["文号", "邮件号", "收寄日期"], [f"公积金函〔{year}〕2号", "XA10000022CN", day]]
    second = run(app, "imports", "apply", "letter_post", str(workbook(tmp_path / "anew.xlsx", anew)))
    db.session.expire_all()
    assert (letter.state, letter.address, letter.tracking_no) == ("posted", "新港路99号", "XA10000022CN")
    # what became of another parcel says nothing of this letter
    other = [["文号", "邮件号", "投递结果"], [f"公积金函〔{year}〕2号", "XA10000077CN", "妥投"]]
    refused = run(app, "imports", "apply", "letter_post", str(workbook(tmp_path / "other.xlsx", other)))
    assert (refused["changed"], refused["reasons"]) == (0, {"tracking_no.other_parcel": 1})
    run(app, "imports", "undo", str(second["batch"]))
    db.session.expire_all()
    assert (letter.state, letter.address, letter.tracking_no) == ("returned", old, "XA10000002CN")
    task = db.session.scalars(select(Task).where(Task.kind == "letter_address").order_by(Task.id)).all()[-1]
    assert (task.source_id, task.state) == (letter.id, TaskState.OPEN)
    run(app, "imports", "undo", str(answer["batch"]))
    assert dict(numbers())[1] == "issued"
    db.session.expire_all()
    # and its page tells so
    sign_in(client, campaign.created_by)
    shown = client.get(f"/letters/{letter.id}").text
    assert "导入已撤销" in shown and "import undone" not in shown
    assert task.state is TaskState.CANCELLED
    assert queries.balance(campaign).progress.submitted == 4


def test_a_letter_that_nobody_answers_is_followed_by_a_visit(app: Flask) -> None:
    author = author_with(2)
    with pytest.raises(DomainError):  # after a letter nothing more is written
        set_steps(drafted(author), (Step(StepKind.NEXT_CONTACT, StepCondition.UNANSWERED, 0),), author)
    campaign = launched_here(author, steps=(Step(StepKind.VISIT, StepCondition.UNANSWERED, 0),))
    db.session.execute(update(PrintBatch).values(state=PrintState.RETURNED))
    silent, answered = all_letters()
    answered.confirmed_at = now()
    for letter in (silent, answered):
        handed = {"settled_on": today(), "received_by": "前台"}
        transition(LETTER, letter, "deliver", author, answers=handed)
    db.session.commit()
    assert campaign.state is CampaignState.RUNNING
    with run_inline():
        follow_all()
    db.session.commit()
    db.session.expire_all()
    task = db.session.scalars(select(Task).where(Task.kind == "campaign_step")).one()
    assert (task.employer_id, campaign.state) == (silent.employer_id, CampaignState.FINISHED)


def test_a_second_launch_and_a_changed_letterhead_are_refused(app: Flask) -> None:
    author = author_with(2)
    campaign = approved(author)
    set_letterhead(author.branch, "滨海管理部", "滨公积金函", "港区路1号", "300457")
    db.session.commit()
    head = create_user(Role.BRANCH_HEAD, branch=author.branch)
    controlling.launch(campaign.id, head)
    db.session.commit()
    with pytest.raises(DomainError):
        controlling.launch(campaign.id, head)
    # headed as it was approved; a draft follows the letterhead, and its approval is for what was seen
    assert campaign.letter is not None
    assert campaign.letter["head"]["prefix"] == "公积金函"
    other = drafted(author)
    drafting.submit(other, author)
    seen = drafting.seal(other)
    set_letterhead(author.branch, "滨海管理部", "新公积金函", "港区路1号", "300457")
    drafting.reckon_again(other)
    with pytest.raises(Conflict):
        drafting.approve(other, head, seen)


def test_cancelling_makes_nothing_more_and_voids_what_was_not_printed(app: Flask) -> None:
    campaign_id = made(3)
    with writing():
        printing.form(campaign_id)
        db.session.commit()
    controlling.cancel(campaign_id, None)
    db.session.commit()
    with run_inline():
        jobs.sweep_letters()
    assert numbers() == [(1, "void"), (2, "void"), (3, "void")]
    balance = queries.balance(db.session.get_one(Campaign, campaign_id))
    assert (balance.progress.suppressed, balance.letters, balance.adds_up) == (3, 0, True)
    # whoever got nothing was not written to: the next campaign need not leave them out
    assert set(db.session.scalars(select(AudienceMember.excluded))) == {Exclusion.CANCELLED}


def test_what_was_printed_or_posted_meanwhile_is_not_withdrawn(app: Flask) -> None:
    campaign_id = made(2)
    with writing():
        printing.form(campaign_id)
        db.session.commit()
    controlling.cancel(campaign_id, None)
    db.session.commit()
    found = to_withdraw()
    db.session.execute(update(PrintBatch).values(state=PrintState.OUT))  # after the list was read
    services.withdraw(found)
    assert numbers() == [(1, "issued"), (2, "issued")]
    db.session.execute(update(PrintBatch).values(state=PrintState.READY))
    db.session.execute(update(Letter).where(Letter.id == found[0]).values(state=LetterState.POSTED))
    services.withdraw(found)
    assert sorted(state for _number, state in numbers()) == ["posted", "void"]
    progress = queries.balance(db.session.get_one(Campaign, campaign_id)).progress
    assert (progress.submitted, progress.suppressed) == (1, 1)
    excluded = db.session.scalars(select(AudienceMember.excluded)).all()
    assert sorted(str(one) for one in excluded) == ["None", "cancelled"]


def test_a_letter_that_is_voided_by_hand_is_no_good_line_of_its_print_batch(app: Flask) -> None:
    campaign_id = made(2)
    with writing():
        printing.form(campaign_id)
        db.session.commit()
    campaign = db.session.get_one(Campaign, campaign_id)
    head = create_user(Role.BRANCH_HEAD, branch=campaign.branch)
    first, second = db.session.scalars(select(PrintLine).order_by(PrintLine.number)).all()
    transition(LETTER, first.letter, "void", head, answers={"reason": "印错一页"})
    db.session.expire_all()
    assert (first.reason, first.spoilt_at is None) == ("印错一页", False)
    assert second.spoilt_at is None
    assert queries.balance(campaign).adds_up


def test_a_paused_campaign_makes_no_letter_until_it_goes_on(app: Flask) -> None:
    campaign_id = planned(2)
    controlling.pause(campaign_id, None)
    db.session.commit()
    with run_inline():
        jobs.make(campaign_id, 0)
    assert numbers() == []
    controlling.resume(campaign_id, None)
    db.session.commit()
    with run_inline():
        jobs.sweep_letters()
    assert numbers() == [(1, "issued"), (2, "issued")]


def test_letters_that_were_claimed_ahead_go_back_when_the_campaign_is_paused(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign_id = planned(3)
    recording = services.record

    def pausing(claimed: services.Claim, made: bytes) -> bool:
        controlling.pause(campaign_id, None)
        return recording(claimed, made)

    monkeypatch.setattr(jobs, "CHUNK", 2)
    monkeypatch.setattr(services, "record", pausing)
    with writing():
        assert not jobs.make_letters(campaign_id, seconds=60)
        db.session.commit()
    found = db.session.execute(select(Message.state).order_by(Message.id)).scalars().all()
    assert found == [MessageState.SUBMITTED, MessageState.SUBMITTED, MessageState.PLANNED]
    assert [state for _serial, state in numbers()] == ["issued"] * 3
    monkeypatch.setattr(services, "record", recording)
    with writing():
        controlling.resume(campaign_id, None)
        assert not jobs.make_letters(campaign_id, seconds=60)
        db.session.commit()
    assert [serial for serial, _state in numbers()] == [1, 2, 3]


def test_a_lease_that_ran_out_leaves_the_letters_to_whoever_has_them_now(app: Flask) -> None:
    campaign_id = planned(3)
    slow = services.claim(campaign_id, fresh_marks(2))
    db.session.commit()
    assert slow is not None
    db.session.execute(update(Message).where(Message.state == MessageState.CLAIMED).values(due_at=LONG_AGO))
    db.session.commit()
    with run_inline():
        jobs.sweep_letters()
    assert numbers() == [(1, "issued"), (2, "issued"), (3, "issued")]
    with writing():
        assert not services.record(slow, services.set_in_type(slow))
        db.session.commit()
    assert len(db.session.scalars(select(Sheaf)).all()) == len({one.sheaf_id for one in all_letters()})
    assert queries.balance(db.session.get_one(Campaign, campaign_id)).adds_up


def all_letters() -> Sequence[Letter]:
    return db.session.scalars(select(Letter)).all()


def test_one_walk_from_the_outline_to_the_posted_letter(client: FlaskClient) -> None:
    author = author_with(2)
    head = create_user(Role.BRANCH_HEAD, branch=author.branch)
    segment = Segment(
        list_name="employers", name="全部", owner_id=author.id, branch_id=author.branch_id, tree=EVERYBODY
    )
    db.session.add(segment)
    wording()
    db.session.commit()
    sign_in(client, author)
    assert client.get("/campaigns/letters/new").status_code == 200
    assert client.get("/campaigns/letters/new/order").status_code == 404
    form = {"name": "变更确认", "segment_id": segment.id, "contact_order": "employer", "frequency_days": 0}
    page = "/campaigns/letters/new/handler_change"
    assert client.post(page, data=form | {"effective": "不是日期"}).status_code == 422
    drafted_at = client.post(page, data=form | {"effective": "2026-09-05"}).headers["Location"]
    campaign = db.session.scalars(select(Campaign)).one()
    shown = html.unescape(client.get(drafted_at).text)
    assert "滨海0号公司" in shown
    # a letter is looked at on paper: nothing is sent to a telephone as a test
    tests = f"/campaigns/{campaign.id}/trials"
    assert tests not in shown
    assert client.get(tests).status_code == client.post(tests, data={}).status_code == 400
    member = db.session.scalars(select(AudienceMember.id).order_by(AudienceMember.id)).first()
    read = client.get(f"/campaigns/{campaign.id}/reading?member={member}", follow_redirects=True)
    assert read.data.startswith(b"%PDF-")
    assert "2026-09-05" in client.get(f"/campaigns/{campaign.id}/letter/edit").text
    drafting.submit(campaign, author)
    drafting.approve(campaign, head, drafting.seal(campaign))
    db.session.commit()
    with run_inline():
        sign_in(client, head)
        assert client.post(f"/campaigns/{campaign.id}/launch").status_code == 303
    shown = html.unescape(client.get(f"/campaigns/{campaign.id}").text)
    batch = db.session.scalars(select(PrintBatch)).one()
    assert f"/letters/batches/{batch.id}" in shown
    number = f"公积金函〔{today().year}〕1号"
    assert number in html.unescape(client.get(f"/campaigns/{campaign.id}/messages").text)
    for name in ("letters.pdf", "envelopes.pdf"):
        assert client.get(f"/letters/batches/{batch.id}/{name}").data.startswith(b"%PDF-")
    first = db.session.scalars(select(Letter).order_by(Letter.serial)).first()
    assert first is not None
    with pypdfium2.PdfDocument(client.get(f"/letters/{first.id}/letter.pdf").data) as alone:
        words = [page.get_textpage().get_text_range() for page in alone]
    # its own pages of the sheaf, and not the blank one that printing on both sides asks for
    assert number in words[0]
    assert all(words)
    manifest = client.get(f"/letters/batches/{batch.id}/manifest.xlsx").data
    rows = list(load_workbook(io.BytesIO(manifest)).worksheets[0])
    assert (len(rows), rows[1][1].value, len(str(rows[1][6].value))) == (3, number, 64)
    for step, answers in (("hand_out", {"handed_on": today(), "count_out": 2}),
                          ("take_in", {"returned_on": today(), "count_in": 2})):  # fmt: skip
        assert client.post(f"/workflow/print_batch/{batch.id}/{step}", data=answers).status_code == 302
    post = f"/letters/batches/{batch.id}/post"
    assert client.post(post, data={"posted_on": today(), "pairs": "1 12"}).status_code == 422
    pairs = "１　XA 0000 0001 CN\n2-2, xa00000002cn"
    assert client.post(post, data={"posted_on": today(), "pairs": pairs}).status_code == 303
    assert numbers() == [(1, "posted"), (2, "posted")]
    outsider = create_user(Role.MANAGER)
    db.session.commit()
    sign_in(client, outsider)
    for hidden in (f"/campaigns/{campaign.id}/letter.pdf", f"/letters/batches/{batch.id}", f"{post}"):
        status = client.get(hidden).status_code if hidden != post else client.post(post).status_code
        assert status == 404
    mine = drafted(outsider)
    db.session.commit()
    assert client.get(f"/campaigns/{mine.id}/letter.pdf?member={member}").status_code == 404


@pytest.mark.databases("sqlite")
def test_the_manifest_comes_back_as_the_print_room_filled_it_in(client: FlaskClient) -> None:
    author = author_with(4)
    launched_here(author)
    batch = db.session.scalars(select(PrintBatch)).one()
    sign_in(client, create_user(Role.BRANCH_HEAD, branch=author.branch))
    page = f"/letters/batches/{batch.id}"

    def taken(change: Callable[[Worksheet], object], on: date | None = None) -> tuple[int, str]:
        book = load_workbook(io.BytesIO(client.get(f"{page}/manifest.xlsx").data))
        assert book.active is not None
        change(book.active)
        book.save(file := io.BytesIO())
        data = {"on": (on or today()).isoformat(), "file": (io.BytesIO(file.getvalue()), "交接清单.xlsx")}
        answer = client.post(f"{page}/list", data=data)
        db.session.expire_all()
        return answer.status_code, html.unescape(answer.text)

    def fill(sheet: Worksheet) -> None:
        sheet["I3"] = "卡纸"
        sheet["H2"], sheet["H5"] = "xa 0000 0001 cn", "XA00000004CN"

    def swap(sheet: Worksheet) -> None:
        fill(sheet)
        sheet["B2"], sheet["B3"] = sheet["B3"].value, sheet["B2"].value

    assert taken(fill)[0] == 422  # not handed out yet
    out = {"handed_on": today(), "count_out": 4}
    for day in (today() - timedelta(days=1), today() + timedelta(days=1)):
        with pytest.raises(DomainError):  # before the letters were issued, or on a day to come
            transition(PRINT_BATCH, batch, "hand_out", author, answers=out | {"handed_on": day})
    transition(PRINT_BATCH, batch, "hand_out", author, answers=out)
    db.session.commit()
    status, said = taken(fill, today() - timedelta(days=1))  # back before it went
    assert (status, f"日期早于{today().isoformat()}" in said) == (422, True)
    for change, reason in ((swap, "第2行："), (lambda sheet: sheet.delete_rows(4), "清单缺少行号3")):
        status, said = taken(change)
        assert (status, reason in said) == (422, True)
    assert numbers() == [(n, "issued") for n in range(1, 5)]
    assert taken(fill)[0] == 303
    assert (batch.state, batch.count_in) == (PrintState.RETURNED, 3)
    assert numbers() == [(1, "posted"), (2, "void"), (3, "issued"), (4, "posted")]
    first = db.session.scalars(select(Letter).order_by(Letter.serial)).first()
    assert first is not None and first.tracking_no == "XA00000001CN"
    # the same list again changes nothing, and a later one brings what was posted meanwhile
    assert taken(id)[0] == 303
    assert taken(lambda sheet: sheet.__setitem__("H4", "XA00000003CN"))[0] == 303
    assert numbers()[2] == (3, "posted")
    sign_in(client, create_user(Role.BRANCH_HEAD))
    assert client.post(f"{page}/list").status_code == 404


def test_whoever_may_not_issue_letters_spoils_and_posts_none(app: Flask) -> None:
    author = author_with(1)
    launched_here(author)
    batch = db.session.scalars(select(PrintBatch)).one()
    line = db.session.scalars(select(PrintLine)).one()
    partner = create_user(Role.BANK_PARTNER, branch=author.branch)
    with pytest.raises(Forbidden):
        transition(PRINT_BATCH, batch, "hand_out", partner, answers={"handed_on": today(), "count_out": 1})
    with pytest.raises(Forbidden):
        printing.spoil(line, "卡纸", create_user(Role.SPECIALIST, branch=author.branch))
    db.session.rollback()
    with pytest.raises(NotFound):
        find(batch.id, create_user(Role.MANAGER))
    assert numbers() == [(1, "issued")]
