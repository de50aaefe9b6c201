"""What has been kept long enough goes, once, in small steps, with a note of how many; nothing else goes."""

import hashlib
import json
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app.attachments.models import Attachment, StoredFile
from app.attachments.queries import kind_of
from app.attachments.services import OUTDATED, attach, checked
from app.audit.models import AuditEvent
from app.config import current_settings
from app.core import timeline
from app.core.clock import now, today
from app.core.db import db
from app.core.errors import Conflict
from app.core.features import current_features
from app.core.files import kept as kept_files
from app.core.importing.spec import Outcome
from app.core.jobs import run_inline
from app.core.permissions import Role, Scope
from app.core.personal.retaining import NOBODY
from app.core.personal.sealed import ID_NUMBER, sealed_with_index
from app.employers.models import Contact
from app.imports import workflow
from app.imports.models import BatchState, ImportBatch, ImportRow
from app.lifecycle.escalation.models import EscalationState
from app.personal import jobs, queries, services
from app.personal.models import RetentionRule, RetentionRun
from app.tasks.models import Task
from app.tasks.services import open_task
from campaigns.drafting.models import AudienceMember
from campaigns.ledger.models import Message, MessageState, Reply
from tests.factories import (
    create_campaign,
    create_contact,
    create_employer,
    create_escalation,
    create_import_batch,
    create_user,
    sign_in,
)

MOBILE, NAME = "13812345678", "王芳芳"
LONG_AGO = timedelta(days=3 * 365)


def carried_out(code: str) -> int:
    """The rule in a process of its own transaction, as a worker does it; and what it asked for afterwards."""
    rule = current_features().retention[code]
    total = 0
    with run_inline():
        for done in services.carry_out(rule):
            db.session.commit()
            total += done
    return total


def former_handler(until: date) -> Contact:
    """Somebody known for three years, told of on the timeline, written to once; left on that day."""
    with time_machine.travel(now() - LONG_AGO, tick=False):
        employer = create_employer()
        contact = create_contact(employer, name=NAME, mobile=MOBILE, email="w@example.org", until=until)
        contact.id_number, contact.id_number_index = sealed_with_index("12010219900307001X", ID_NUMBER)
        timeline.record(
            employer.id, "contact", "Handler: %(old)s → %(name)s", params={"old": "李明", "name": NAME}
        )
        open_task(
            "welcome", "Welcome %(name)s", today(), employer=employer, params={"name": NAME}, actor=None,
            source=("employer_contact", contact.employers[0].id),
        )  # fmt: skip
        campaign = create_campaign(create_user(Role.MANAGER, branch=employer.branch))
        member = AudienceMember(
            campaign_id=campaign.id, employer_id=employer.id, contact=contact, phone=MOBILE,
            variables={"handler": NAME},
        )  # fmt: skip
        db.session.add(member)
        db.session.flush()
        db.session.add(
            Message(
                campaign_id=campaign.id, member_id=member.id, employer_id=employer.id, contact=contact,
                recipient_key=MOBILE, phone=MOBILE, text=f"{NAME}您好", state=MessageState.DELIVERED,
                token=f"abcdefghij{contact.id}",
            )
        )  # fmt: skip
        db.session.commit()
    return contact


def test_who_left_long_ago_is_made_anonymous_everywhere_but_the_history_stays(
    app: Flask, client: FlaskClient
) -> None:
    contact = former_handler(until=today() - timedelta(days=900))
    lately = former_handler(until=today() - timedelta(days=200))
    still = create_contact(create_employer(), name="周丽", mobile="13900000000")
    db.session.commit()
    (link,) = contact.employers
    for record in (contact, link, link.employer):
        with checked(BytesIO(f"{type(record).__name__}\n".encode())) as file:
            attach(kind_of(record), record, file, f"{NAME}授权书.csv", None)
        db.session.commit()
    events = db.session.query(AuditEvent).count()
    assert carried_out("contacts") == 1
    db.session.expire_all()
    assert (contact.name, contact.forgotten_on) == (NOBODY, today())
    for field in ("mobile", "email", "id_number", "id_number_index"):
        assert getattr(contact, field) is None
    assert (lately.name, still.name) == (NAME, "周丽")
    message = db.session.scalars(select(Message).where(Message.contact_id == contact.id)).one()
    assert (message.phone, message.text, message.state) == (None, f"{NOBODY}您好", MessageState.DELIVERED)
    assert MOBILE not in message.recipient_key
    member = db.session.get_one(AudienceMember, message.member_id)
    assert (member.phone, member.variables) == (None, {"handler": NOBODY})
    told = db.session.scalars(
        select(timeline.TimelineEntry)
        .where(timeline.TimelineEntry.employer_id == message.employer_id)
        .order_by(timeline.TimelineEntry.id)
    )
    letter = {"title": f"{NOBODY}授权书.csv", "comment": ""}
    assert [entry.params for entry in told] == [{"old": "李明", "name": NOBODY}, letter, letter, letter]
    # the person's own files are gone, and those of the employer bear no name
    files = db.session.execute(select(Attachment.kind, Attachment.title)).all()
    assert [tuple(file) for file in files] == [("employer", f"{NOBODY}授权书.csv")]
    welcome = db.session.scalars(select(Task).where(Task.source_id == link.id)).one()
    assert welcome.params == {"name": NOBODY}
    # the trail has the run and its count, and no name that it had not before
    event, *more = db.session.scalars(select(AuditEvent).order_by(AuditEvent.id).offset(events)).all()
    assert more == []
    assert event.action == "Kept long enough and deleted"
    assert event.facts == {"rule": "contacts", "months": 24, "forgotten": 1}
    # twice is the same as once
    assert carried_out("contacts") == 0
    assert db.session.query(AuditEvent).count() == events + 1
    run = db.session.scalars(select(RetentionRun)).one()
    assert (run.done, run.finished_at is not None) == (1, True)
    # and who was forgotten is found by nothing
    manager = create_user(Role.MANAGER, branch=still.employers[0].employer.branch, scope=Scope.ALL)
    sign_in(client, manager)
    # the page names the roles, and shows nothing of the past and no way to change or mark it
    page = client.get(f"/contacts/{contact.id}")
    assert page.status_code == 200
    assert link.employer.name in page.text
    gone = (NAME, "李明", 'id="history"', 'id="verify"', 'id="reach"', f"/contacts/{contact.id}/edit")
    assert [one for one in gone if one in page.text] == []
    assert client.get(f"/contacts/{contact.id}/edit").status_code == 404
    assert client.get(f"/contacts/roles/{link.id}").status_code == 404
    listed = client.get("/contacts").text
    assert ("周丽" in listed, f'/contacts/{contact.id}"' in listed) == (True, False)


def test_a_stopped_run_goes_on_and_is_told_of(app: Flask) -> None:
    rule = current_features().retention["links"]
    for _ in range(3):
        former_handler(until=today())
    small = type(rule)(**{**rule.__dict__, "batch": 2})
    going = services.carry_out(small)
    assert next(going) == 2
    db.session.commit()
    del going
    db.session.execute(update(RetentionRun).values(started_at=now() - timedelta(hours=3)))
    db.session.commit()
    assert sum(services.carry_out(small)) == 1
    db.session.commit()
    assert list(services.carry_out(small)) == []
    assert db.session.scalars(select(Message.token)).all() == [None] * 3
    events = (
        select(AuditEvent).where(AuditEvent.action == "Kept long enough and deleted").order_by(AuditEvent.id)
    )
    assert [event.facts["forgotten"] for event in db.session.scalars(events)] == [2, 1]


def imported(days_ago: int, sha256: str, state: BatchState = BatchState.APPLIED) -> ImportBatch:
    batch = create_import_batch(state=state, rejected=1)
    batch.sha256, batch.created_at = sha256, now() - timedelta(days=days_ago)
    rejected = {"outcome": Outcome.REJECTED, "values": {"mobile": MOBILE}}
    db.session.add(ImportRow(batch_id=batch.id, number=2, **rejected))
    path = kept_files.path_of(current_settings().home / "imports", sha256)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(MOBILE.encode())
    db.session.commit()
    return batch


def file_of(batch: ImportBatch) -> Path:
    return kept_files.path_of(current_settings().home / "imports", batch.sha256)


def test_old_imports_lose_file_and_rows_and_keep_their_counts(app: Flask) -> None:
    old, shared, new = imported(500, "a" * 64), imported(500, "b" * 64), imported(20, "b" * 64)
    busy = imported(500, "c" * 64, BatchState.APPLYING)
    assert carried_out("imports") == 2
    db.session.expire_all()
    assert (old.cleared_at is not None, old.rejected) == (True, 1)
    assert [file_of(one).exists() for one in (old, shared, new, busy)] == [False, True, True, True]
    rows = db.session.scalars(select(ImportRow.batch_id).order_by(ImportRow.batch_id)).all()
    assert rows == [new.id, busy.id]
    with pytest.raises(Conflict):
        workflow.move(old, workflow.UNDO)
    assert carried_out("imports") == 0


def test_files_of_records_that_are_gone_go_unless_something_else_has_them(app: Flask) -> None:
    employer = create_employer()
    for sha256 in ("a" * 64, "b" * 64):
        db.session.add(StoredFile(sha256=sha256, size=1, media_type="application/pdf"))
    db.session.flush()
    moment = now() - timedelta(days=400)
    for sha256, kind, record in (
        ("a" * 64, "visit", 99_999),
        ("b" * 64, "visit", 99_999),
        ("b" * 64, "employer", employer.id),
        ("a" * 64, "unknown", 99_999),
    ):
        db.session.add(
            Attachment(kind=kind, record_id=record, sha256=sha256, title="x.pdf", created_at=moment)
        )
    db.session.commit()
    assert carried_out("orphans") == 2
    left = db.session.execute(select(Attachment.kind, Attachment.sha256).order_by(Attachment.id)).all()
    assert [tuple(one) for one in left] == [("employer", "b" * 64), ("unknown", "a" * 64)]
    assert db.session.query(StoredFile).count() == 2


@pytest.mark.databases("sqlite")
def test_lists_of_employees_go_when_due_but_not_those_of_a_matter_under_way(
    app: Flask, client: FlaskClient
) -> None:
    user = create_user(Role.MANAGER)
    sign_in(client, user)
    employer, another = create_employer(user.branch), create_employer(user.branch)
    over = create_escalation(another, user, state=EscalationState.STOPPED, ended_on=today())
    going_on = create_escalation(employer, user)
    db.session.commit()
    stored: list[str] = []
    for kind, record, proves in (
        ("employer", employer.id, "职工名册"),
        ("employer", employer.id, "营业执照"),
        ("escalation", over.id, "职工名册"),
        ("escalation", going_on.id, "职工名册"),
    ):
        content = f"姓名\n{kind}{record}{proves}\n".encode()
        stored.append(hashlib.sha256(content).hexdigest())
        data = {"files": [(BytesIO(content), f"{kind}{record}{proves}.csv")], "proves": proves}
        assert client.post(f"/attachments/on/{kind}/{record}", data=data).status_code == 303
    assert carried_out("rosters") == 0
    with time_machine.travel(now() + timedelta(days=400), tick=False):
        assert carried_out("rosters") == 2
    left = db.session.execute(select(Attachment.kind, Attachment.record_id, Attachment.proves)).all()
    assert sorted(map(tuple, left)) == [
        ("employer", employer.id, "营业执照"), ("escalation", going_on.id, "职工名册"),
    ]  # fmt: skip
    told = timeline.TimelineEntry.summary == OUTDATED
    assert [entry.link_id for entry in db.session.scalars(select(timeline.TimelineEntry).where(told))] == [
        None
    ] * 2
    kept = {path.name for path in kept_files.kept_in(current_settings().files)}
    assert [one in kept for one in stored] == [False, True, False, True]
    assert db.session.scalars(select(RetentionRun.done)).all() == [2]


def test_every_night_carries_out_what_is_on(app: Flask) -> None:
    imported(500, "a" * 64)
    contact = former_handler(until=today() - timedelta(days=900))
    services.set_rule(current_features().retention["contacts"], 24, enabled=False)
    db.session.commit()
    with run_inline():
        jobs.every_night()
    db.session.expire_all()
    assert contact.name == NAME
    assert db.session.scalars(select(ImportRow)).all() == []


def test_the_command_counts_before_and_deletes_when_told(app: Flask) -> None:
    contact = former_handler(until=today() - timedelta(days=900))
    run = app.test_cli_runner().invoke
    counted = json.loads(run(args=["retention", "run", "--dry-run", "--json"]).output)
    assert (counted["dry_run"], counted["records"]["contacts"], contact.name) == (True, 1, NAME)
    done = json.loads(run(args=["retention", "run", "contacts", "--json"]).output)
    assert done["records"] == {"contacts": 1}
    db.session.expire_all()
    assert contact.name == NOBODY
    unknown = run(args=["retention", "run", "everything"])
    assert (unknown.exit_code, "contacts" in unknown.output) == (1, True)


def test_the_security_administrator_sets_the_rules_and_others_only_look(client: FlaskClient) -> None:
    former_handler(until=today() - timedelta(days=400))
    sign_in(client, create_user(Role.SECURITY_ADMIN, scope=Scope.ALL))
    door = "/settings/retention/contacts"
    refused = client.post(door, data={"months": "1", "enabled": "y"})
    assert (refused.status_code, "6" in refused.text) == (422, True)
    assert client.post(door, data={"months": "12", "enabled": "y"}).status_code == 303
    assert "1 条记录" in client.get(door).text
    own = db.session.get_one(RetentionRule, "contacts")
    assert (own.months, own.enabled) == (12, True)
    with run_inline():
        assert client.post(f"{door}/run").status_code == 303
    assert queries.count_due(current_features().retention["contacts"], 12) == 0
    assert client.get("/settings/retention/nothing").status_code == 404
    sign_in(client, create_user(Role.AUDIT_ADMIN, scope=Scope.ALL))
    assert client.get("/settings/retention").status_code == 200
    for address in (door, f"{door}/run"):
        assert client.post(address, data={"months": "99"}).status_code == 403
    sign_in(client, create_user(Role.SPECIALIST))
    assert client.get("/settings/retention").status_code == 403


@pytest.mark.databases("sqlite")
def test_replies_of_numbers_that_are_nobodys_lose_number_and_words_once(app: Flask) -> None:
    create_contact(create_employer(), mobile=MOBILE)
    texts = (
        ("1", MOBILE, LONG_AGO),
        ("2", "13900139000", LONG_AGO),
        ("3", "13900139000", timedelta(days=30)),
    )
    for number, phone, ago in texts:
        db.session.add(
            Reply(gateway="http", gateway_id=number, phone=phone, text="我是王芳芳", at=now() - ago)
        )
    db.session.commit()
    assert [carried_out("replies"), carried_out("replies")] == [1, 0]
    kept = db.session.execute(select(Reply.phone, Reply.text).order_by(Reply.id)).all()
    assert [tuple(one) for one in kept] == [
        (MOBILE, "我是王芳芳"),
        ("", NOBODY),
        ("13900139000", "我是王芳芳"),
    ]
