"""Results in figures: each number leads to its rows, by branch, area and specialist, and side by side."""

import html
import re
from datetime import timedelta
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import select, update

from app.accounts.models import User
from app.core.clock import local, now, today
from app.core.db import db
from app.core.options import set_value
from app.core.permissions import Role
from app.employers.areas.models import AreaKind
from app.employers.areas.services import add_area
from app.employers.models import Employer
from campaigns.channels.letter.issued.models import Letter
from campaigns.channels.worklist.models import DriveRow, RowState
from campaigns.drafting.models import Campaign
from campaigns.ledger.models import Message, MessageState, Reply
from campaigns.ledger.services.settling import settle
from campaigns.results.breakdown import queries
from campaigns.results.effect.policy import LEAST
from tests.campaigns.launched import launched_campaign
from tests.campaigns.letters.posting import made
from tests.campaigns.results.test_page import hand_over, ids
from tests.factories import create_branch, create_contact, create_drive, create_employer, create_user, sign_in

MEASURES = ("audience", "sent", "delivered", "opened", "confirmed", "replied", "acted")


@pytest.fixture
def manager(app: Flask) -> User:
    """Six employers: four in two streets of a district, two in none; two of the six are one person's."""
    branch = create_branch(name="滨海管理部")
    head = create_user(Role.MANAGER, branch=branch)
    district = add_area("990100", "滨海区", AreaKind.DISTRICT, None)
    streets = [add_area(f"99010{n}", f"{n}号街道", AreaKind.STREET, district) for n in (2, 3)]
    for number in range(6):
        area = streets[number // 2].id if number < 4 else None
        employer = create_employer(branch, name=f"滨海{number}号公司", area_id=area)
        employer.owner = head if number % 2 else None
        create_contact(employer, mobile=f"1380000000{min(number, 4)}")
    return head


@pytest.fixture
def running(manager: User) -> Campaign:
    """Handed over; four delivered, two opened, one confirmed, one wrote back, two signed up since."""
    campaign = launched_campaign(manager)
    hand_over(campaign)
    first, second, third, fourth, _fifth = ids(campaign)
    settle(MessageState.DELIVERED, Message.id.in_([first, second, third, fourth]))
    db.session.execute(update(Message).where(Message.id.in_([first, second])).values(opened_at=now()))
    db.session.execute(update(Message).where(Message.id == first).values(confirmed_at=now()))
    for text, opt_out in (("好的", False), ("R", True)):
        message = second if not opt_out else third
        db.session.add(
            Reply(gateway="simulator", gateway_id=text, message_id=message, phone="1", text=text,
                  opt_out=opt_out, at=now())
        )  # fmt: skip
    # the second employer of the one handler, and another
    for name in ("滨海5号公司", "滨海0号公司"):
        db.session.execute(update(Employer).where(Employer.name == name).values(online_signed_on=today()))
    db.session.commit()
    return campaign


def figures(page: str) -> list[list[tuple[str, int]]]:
    """Of each line of the table its links and numbers."""
    lines = re.findall(r"<tr>(.*?)</tr>", html.unescape(page), re.DOTALL)
    found = [
        [(url, int(number)) for url, number in re.findall(r'<a href="([^"]+)">(\d+)</a>', line)]
        for line in lines
    ]
    return [line for line in found if line]


def listed(client: FlaskClient, url: str) -> int:
    return len(set(re.findall(r"滨海\d号公司", re.sub(r"<option.*?</option>", "", client.get(url).text))))


def test_every_number_of_the_breakdown_leads_to_its_rows(
    client: FlaskClient, manager: User, running: Campaign
) -> None:
    whole = queries.whole(queries.of_campaign(running, 30))
    assert [whole.counts[name] for name in MEASURES] == [6, 5, 4, 2, 1, 1, 2]
    sign_in(client, manager)
    for by, lines in (("branch", 1), ("area", 4), ("owner", 2)):
        found = figures(client.get(f"/campaigns/{running.id}/results?by={by}&days=30").text)
        assert len(found) == lines + 1
        assert [number for _url, number in found[-1]] == [6, 5, 4, 2, 1, 1, 2]
        for line in found:
            assert [(url, listed(client, url)) for url, _number in line] == line
    district, *_rest = figures(client.get(f"/campaigns/{running.id}/results?by=area").text)
    assert district[0][1] == 4


def test_employers_count_where_they_were_when_it_was_launched(
    client: FlaskClient, manager: User, running: Campaign
) -> None:
    elsewhere = create_branch(name="后来的管理部")
    db.session.execute(update(Employer).values(branch_id=elsewhere.id, area_id=None, owner_id=None))
    db.session.commit()
    sign_in(client, manager)
    page = client.get(f"/campaigns/{running.id}/results?by=branch&days=30").text
    assert "滨海管理部" in page and "后来的管理部" not in page
    found = figures(client.get(f"/campaigns/{running.id}/results?by=area&days=30").text)
    assert [line[0][1] for line in found] == [4, 2, 2, 2, 6]
    assert [listed(client, line[0][0]) for line in found] == [4, 2, 2, 2, 6]


def test_the_workbook_holds_the_same_figures(client: FlaskClient, manager: User, running: Campaign) -> None:
    sign_in(client, manager)
    answer = client.get(f"/campaigns/{running.id}/results/workbook?by=area")
    sheet = load_workbook(BytesIO(answer.data)).active
    assert sheet is not None
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[1][:2] == ("滨海区", 4)
    assert rows[2][0] == "　2号街道"
    assert rows[-1][1:6] == (6, 5, 5 / 6, 4, 0.8)


def test_campaigns_and_drives_stand_side_by_side_in_honest_words(
    client: FlaskClient, manager: User, running: Campaign
) -> None:
    drive = create_drive(manager, created_at=now() - timedelta(days=40))
    for number, employer_id in enumerate(db.session.scalars(select(Employer.id)).all()):
        state = {"state": RowState.DONE, "outcome": "settled", "tries": 1} if number < 3 else {}
        db.session.add(DriveRow(drive_id=drive.id, employer_id=employer_id, due_on=today(), **state))
    db.session.commit()
    sign_in(client, manager)
    assert f'value="d{drive.id}"' in client.get("/campaigns/compare").text
    address = f"/campaigns/compare?of=c{running.id}&of=d{drive.id}&days=30"
    assert "人数太少" in client.get(address).text
    set_value(LEAST, 5)
    db.session.commit()
    page = client.get(address).text
    for line in figures(page):
        assert [(url, listed(client, url)) for url, _number in line] == line
    assert "83.3%" in page
    sheet = load_workbook(BytesIO(client.get(address.replace("?", "/workbook?")).data)).active
    assert sheet is not None
    assert [cell.value for cell in sheet[3]][:3] == ["已发送", 5, 5 / 6]
    found = figures(client.get(f"/campaigns/drives/{drive.id}/results?by=owner").text)
    assert [number for _url, number in found[-1]] == [6, 3, 3, 3]
    # a drive began on its first day, whenever it changed its state since
    assert f"{local(drive.created_at):%Y-%m-%d}" in page
    assert client.get(f"/campaigns/compare?of=c{running.id}&of=c0").status_code == 400
    sign_in(client, create_user(Role.MANAGER))
    assert client.get(address).status_code == 400


def test_what_readers_of_letters_did_is_counted_from_their_pages(client: FlaskClient) -> None:
    campaign = db.session.get_one(Campaign, made(3))
    letter = db.session.scalars(select(Letter).order_by(Letter.id)).first()
    assert letter is not None
    letter.opened_at = letter.asked_at = now()
    db.session.commit()
    whole = queries.whole(queries.of_campaign(campaign, 30))
    assert [whole.counts[name] for name in MEASURES] == [3, 3, 0, 1, 0, 1, 0]
    assert whole.cost(campaign.price) == 3 * campaign.price
    sign_in(client, campaign.created_by)
    for filters in ("opened_at.not_empty=", "replied.yes="):
        page = client.get(f"/campaigns/{campaign.id}/messages?{filters}").text
        assert len(set(re.findall(r"函〔\d+〕\d+号", page))) == 1
