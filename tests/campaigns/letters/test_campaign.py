"""A campaign by letter from its audience to the post: numbers, batches, counts, a balance that adds up."""

import json
from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select

from app.accounts.models import User
from app.attachments.queries import verify
from app.core.clock import today
from app.core.db import db
from app.core.errors import DomainError
from app.core.jobs import run_inline
from app.core.pdf_pages import starts
from app.core.permissions import Role
from app.core.timeline import TimelineEntry
from app.core.workflow import transition
from app.employers.models import Employer
from app.tasks.models import Task
from campaigns.channels.letter.issued import queries as issued
from campaigns.channels.letter.issued.models import Letter, LetterState
from campaigns.channels.letter.issued.workflow import LETTER
from campaigns.drafting import services as drafting
from campaigns.drafting.models import AudienceMember, Campaign, CampaignState
from campaigns.ledger import queries
from campaigns.ledger.letters import jobs
from campaigns.ledger.printing import services as printing
from campaigns.ledger.printing.models import PrintBatch, PrintLine
from campaigns.ledger.printing.workflow import PRINT_BATCH
from tests.campaigns.letters.posting import (
    author_with,
    create_addressed,
    drafted,
    launched_here,
    numbers,
)
from tests.factories import create_user


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
