"""Rosters of drives: taken in and back, kept sealed, recorded, and forgotten while the counts stay."""

from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.accounts.models import User
from app.attachments.queries import kind_of
from app.attachments.services import attach, checked
from app.audit.models import AuditEvent
from app.core.clock import today
from app.core.db import db
from app.core.errors import DomainError
from app.core.features import current_features
from app.core.periods import Period
from app.core.permissions import Role
from app.employers.models import Employer, Stage
from app.imports.models import ImportRow
from app.outreach.models import VisitKind
from app.personal.services import carry_out
from app.tasks.models import Task
from campaigns.channels.worklist.models import Drive, DrivePerson, DriveRow
from campaigns.channels.worklist.policy import READY
from campaigns.channels.worklist.roster import services as roster
from campaigns.channels.worklist.services import asking, starting, telling
from campaigns.channels.worklist.services.starting import Wish
from campaigns.channels.worklist.services.telling import Told
from tests.contributions.statements import run
from tests.factories import create_branch, create_employer, create_user, sign_in
from tests.spreadsheets import workbook

HEADER = ["专项行动编号", "单位账号", "单位名称", "事项数", "姓名", "身份证号", "缴存起始年月"]
ZHANG, LI = "11010519491231002X", "440524188001010014"
pytestmark = pytest.mark.databases("sqlite")


@pytest.fixture
def manager(app: Flask) -> User:
    return create_user(Role.MANAGER, branch=create_branch(), username="wang")


@pytest.fixture
def employers(manager: User) -> list[Employer]:
    chen = create_user(Role.SPECIALIST, branch=manager.branch)
    return [
        create_employer(
            manager.branch,
            stage=Stage.CONTRIBUTING,
            owner_id=chen.id,
            employer_account_no=f"030100000{number}",
        )
        for number in range(3)
    ]


def begin(manager: User, kind: str = "sealed_check") -> Drive:
    ready = READY[kind]
    wish = Wish(kind, str(kind), today() + timedelta(days=60), 10, ready.outcomes, results=ready.results)
    return starting.start(wish, manager)


def lines(folder: Path, *found: list[object]) -> str:
    return str(workbook(folder / f"roster{len(list(folder.iterdir()))}.xlsx", [HEADER, *found]))


def test_a_roster_brings_counts_and_sealed_people_is_taken_back_and_forgotten_in_time(
    app: Flask, client: FlaskClient, manager: User, employers: list[Employer], tmp_path: Path
) -> None:
    drive = begin(manager)
    other = create_employer(create_branch(), employer_account_no="0999000001")
    file = lines(
        tmp_path,
        [drive.id, "0301000000", "甲", 12, None, None, None],
        [None, "0301000001", "乙", None, "张三", ZHANG, None],
        [None, "0301000001", "乙", None, "李四", LI, None],
        [None, "0301000001", "乙", None, "王五", "123", None],
        [None, other.employer_account_no, "丙", 5, None, None, None],
        [77, "0301000002", "丁", 5, None, None, None],
        [None, "0000", "戊", 5, None, None, None],
    )
    more = ("imports", "apply", "roster", file, "--user", "wang")
    answer = run(app, *more)
    assert (answer["new"], answer["rejected"]) == (3, 4)
    assert set(answer["reasons"]) == {
        "id_number.not_an_id_number", "other_branch", "drive.unknown_drive", "code.unknown",
    }  # fmt: skip
    rows = db.session.scalars(select(DriveRow).order_by(DriveRow.employer_id)).all()
    assert [row.matters for row in rows] == [12, 2]
    assert db.session.scalar(select(func.count(Task.id)).where(Task.kind == "drive")) == 2
    kept = [
        str(row) for model in (DrivePerson, ImportRow) for row in db.session.execute(select(model.__table__))
    ]
    assert len(kept) > 2
    assert not any(number in row for row in kept for number in (ZHANG, LI, "'123'"))
    # what was rejected is not kept with the name of a person either
    assert "王五" not in " ".join(map(str, db.session.execute(select(ImportRow.__table__))))
    again = run(app, *more)
    assert (again["new"], again["unchanged"]) == (0, 3)

    db.session.commit()
    sign_in(client, manager)
    page = client.get(f"/drives/rows/{rows[1].id}").text
    assert "张三" in page
    assert "110105********002X" in page
    zhang = db.session.scalars(select(DrivePerson).order_by(DrivePerson.id)).first()
    assert zhang is not None
    shown = client.post(f"/drives/people/{zhang.id}/reveal", data={"reason": "identity"}).text
    assert ZHANG in shown
    assert ZHANG not in client.post(f"/drives/people/{zhang.id}/reveal").text
    told = {f"p_{zhang.id}": "untraceable", "rest": "reason_changed"}
    assert client.post(f"/drives/rows/{rows[1].id}/people", data=told).status_code == 303
    said = {"agency": "police", "said_on": today().isoformat(), "note": "户籍已迁出"}
    assert client.post(f"/drives/rows/{rows[1].id}/notes", data=said).status_code == 303
    db.session.expire_all()
    assert (rows[1].settled, rows[1].matters) == (1, 2)
    assert "户籍已迁出" in client.get(f"/drives/rows/{rows[1].id}").text
    # the trail, which forgets nothing, knows that somebody noted something
    of_notes = select(AuditEvent).where(AuditEvent.subject_type == "worklist_notes")
    assert db.session.scalars(of_notes).one().fields["note"] == [None, "***"]
    with pytest.raises(DomainError):
        roster.record_results(rows[1], {zhang.id: "transferred"}, "", manager)
    # who has a result that ends nothing is among the others, unless another one is chosen now
    assert roster.record_results(rows[1], {zhang.id: "untraceable"}, "reason_changed", manager) == 1
    db.session.commit()

    with time_machine.travel(today() + timedelta(days=60 + 220)):
        rule = current_features().retention["drive_people"]
        assert sum(carry_out(rule)) == 2
        db.session.commit()
    db.session.expire_all()
    assert db.session.query(DrivePerson).count() == 0
    assert (rows[1].settled, rows[1].matters) == (2, 2)


def test_whoever_a_roster_names_is_among_those_counted_and_is_not_counted_again(
    app: Flask, manager: User, employers: list[Employer], tmp_path: Path
) -> None:
    drive = begin(manager)
    counted, named = employers[:2]
    counted.sealed_heads = 3
    starting.add(drive, counted, manager)
    file = lines(
        tmp_path,
        [None, "0301000000", "甲", None, "张三", ZHANG, None],
        [None, "0301000000", "甲", None, "李四", LI, None],
        [None, "0301000001", "乙", None, "王五", None, None],
        [None, "0301000001", "乙", 5, None, None, None],
    )
    batch = run(app, "imports", "apply", "roster", file, "--user", "wang")["batch"]
    rows = db.session.scalars(select(DriveRow).order_by(DriveRow.id)).all()
    assert [(row.employer_id, row.matters, row.unnamed) for row in rows] == [
        (counted.id, 3, 1), (named.id, 5, 4),
    ]  # fmt: skip
    with pytest.raises(DomainError):
        telling.tell(rows[0], Told("part", VisitKind.CALL, done=2), manager)
    telling.tell(rows[0], Told("part", VisitKind.CALL, done=1), manager)
    assert roster.record_results(rows[0], {}, "reason_changed", manager) == 2
    db.session.commit()
    assert (rows[0].settled, rows[0].matters) == (3, 3)
    # the counts stay as they are when the names go
    with time_machine.travel(today() + timedelta(days=60 + 220)):
        assert sum(carry_out(current_features().retention["drive_people"])) == 3
        db.session.commit()
    db.session.expire_all()
    assert [(row.settled, row.matters) for row in rows] == [(3, 3), (0, 5)]
    run(app, "imports", "undo", str(batch))
    assert rows[0].matters == 3


def test_a_roster_is_taken_back_with_its_tasks(
    app: Flask, manager: User, employers: list[Employer], tmp_path: Path
) -> None:
    begin(manager)
    file = lines(tmp_path, [None, "0301000001", "乙", None, "张三", ZHANG, None])
    answer = run(app, "imports", "apply", "roster", file, "--user", "wang")
    run(app, "imports", "undo", str(answer["batch"]))
    left = [db.session.query(model).count() for model in (DriveRow, DrivePerson, Task)]
    assert left == [0, 0, 0]
    # a file that somebody hung on a row keeps it
    answer = run(app, "imports", "apply", "roster", file, "--user", "wang")
    row = db.session.scalars(select(DriveRow)).one()
    with checked(BytesIO(b"reply\n")) as reply:
        attach(kind_of(row), row, reply, "reply.csv", manager)
    db.session.commit()
    run(app, "imports", "undo", str(answer["batch"]))
    assert [db.session.query(model).count() for model in (DriveRow, DrivePerson, Task)] == [1, 1, 1]


def test_transfers_wait_for_their_months_and_a_file_says_which_drive_it_means(
    app: Flask, client: FlaskClient, manager: User, employers: list[Employer], tmp_path: Path
) -> None:
    drive = begin(manager, "transfer_reminder")
    early, ripe = (today() - timedelta(days=days) for days in (40, 400))
    file = lines(
        tmp_path,
        [None, "0301000001", "乙", None, "张三", None, f"{early:%Y%m}"],
        [None, "0301000002", "丁", None, "李四", None, f"{ripe:%Y%m}"],
    )
    answer = run(app, "imports", "apply", "roster", file, "--user", "wang")
    assert (answer["new"], set(answer["reasons"])) == (1, {"since.too_soon"})
    db.session.commit()
    sign_in(client, manager)
    page = client.get(f"/imports/{answer['batch']}").text
    assert f"{ripe.year}年{ripe.month}月" in page and "None" not in page
    # who will be ready while the drive runs is in it from the start, due after the month is reached
    soon = Period.of(today()) + 1
    file = lines(
        tmp_path,
        [None, "0301000000", "甲", None, "王五", None, str(int(soon + -5))],
        [None, "0301000000", "甲", None, "赵六", None, str(int(soon + -6))],
    )
    run(app, "imports", "apply", "roster", file, "--user", "wang")
    later = db.session.scalars(select(DriveRow).order_by(DriveRow.id.desc())).first()
    assert later is not None and later.ripe == soon
    assert later.due_on == asking.due_on(drive, soon) > soon.first_day
    task = select(Task.due_on).where(Task.source_id == later.id, Task.kind == "drive")
    assert db.session.scalars(task).one() == later.due_on
    # somebody who is ready now makes the employer due now, until that file is taken back
    file = lines(tmp_path, [None, "0301000000", "甲", None, "孙七", None, f"{ripe:%Y%m}"])
    batch = run(app, "imports", "apply", "roster", file, "--user", "wang")["batch"]
    assert db.session.scalars(task).one() == asking.due_on(drive)
    run(app, "imports", "undo", str(batch))
    assert db.session.scalars(task).one() == asking.due_on(drive, soon)
    db.session.delete(later)
    db.session.commit()
    begin(manager)
    nameless = lines(tmp_path, [None, "0301000000", "甲", 3, None, None, None])
    answer = run(app, "imports", "apply", "roster", nameless, "--user", "wang")
    assert set(answer["reasons"]) == {"which_drive"}
    assert db.session.scalars(select(DriveRow.drive_id)).all() == [drive.id]
