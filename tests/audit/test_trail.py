from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from app.accounts.models import User
from app.audit import queries, services
from app.audit.models import AuditEvent
from app.core.db import Intent, db, intending, writing
from app.core.permissions import Role
from app.tasks.models import Task
from tests.factories import create_branch, create_contact, create_employer, create_user


def events() -> list[AuditEvent]:
    return list(db.session.scalars(select(AuditEvent).order_by(AuditEvent.id)))


def last() -> AuditEvent:
    return events()[-1]


def test_a_changed_field_is_recorded_with_its_old_and_new_value(app: Flask) -> None:
    employer = create_employer(name="星海云软件有限公司", heads=17)
    db.session.commit()
    employer.heads = 20
    employer.address = "滨海新区第三大街"
    db.session.commit()
    assert last().action == "Changed"
    assert last().subject_name == "星海云软件有限公司"
    assert last().fields == {"heads": [17, 20], "address": [None, "滨海新区第三大街"]}


def test_the_old_value_is_known_even_when_the_field_was_never_read(app: Flask) -> None:
    employer = create_employer(heads=17)
    db.session.commit()
    assert "heads" not in employer.__dict__, "expired by the commit"
    employer.heads = 20
    db.session.commit()
    assert last().fields == {"heads": [17, 20]}


def test_creation_and_deletion_are_recorded(app: Flask) -> None:
    employer = create_employer(name="甲公司")
    db.session.commit()
    assert (last().action, last().fields["name"]) == ("Created", [None, "甲公司"])
    db.session.delete(employer)
    db.session.commit()
    assert (last().action, last().fields["name"]) == ("Deleted", ["甲公司", None])


def test_several_flushes_of_one_transaction_are_one_event(app: Flask) -> None:
    employer = create_employer(heads=1)
    db.session.commit()
    before = len(events())
    for count in (2, 3, 4):
        employer.heads = count
        db.session.flush()
    db.session.commit()
    assert len(events()) == before + 1
    assert last().fields == {"heads": [1, 4]}


def test_a_change_taken_back_before_the_commit_is_no_event(app: Flask) -> None:
    employer = create_employer(heads=1)
    db.session.commit()
    before = len(events())
    employer.heads = 2
    db.session.flush()
    employer.heads = 1
    db.session.commit()
    assert len(events()) == before


def test_a_rollback_takes_its_events_along(app: Flask) -> None:
    employer = create_employer(heads=1)
    db.session.commit()
    before = len(events())
    employer.heads = 2
    services.record("List exported")
    db.session.flush()
    db.session.rollback()
    db.session.commit()
    assert len(events()) == before


def test_a_rolled_back_savepoint_takes_only_its_own_events_along(app: Flask) -> None:
    employer = create_employer(heads=1)
    db.session.commit()
    services.record("Before")
    with db.session.begin_nested() as savepoint:
        employer.heads = 2
        services.record("Inside")
        db.session.flush()
        savepoint.rollback()
    with db.session.begin_nested():
        services.record("Kept")
    services.record("After")
    db.session.commit()
    assert [e.action for e in events()][-3:] == ["Before", "Kept", "After"]


def test_passwords_and_secrets_never_enter_the_trail_and_mobiles_are_masked(app: Flask) -> None:
    user = create_user(mobile="13812345678", password_hash="$argon2id$secret", totp_secret="JBSWY3DP")
    db.session.commit()
    user.password_hash = "$argon2id$other"
    user.mobile = "13987654321"
    db.session.commit()
    assert last().fields == {"password_hash": ["***", "***"], "mobile": ["138****5678", "139****4321"]}
    everything = " ".join(e.changes + e.details for e in events())
    assert not [s for s in ("argon2", "JBSWY3DP", "13812345678", "13987654321") if s in everything]


def test_an_event_says_who_and_for_whom_it_was_done(app: Flask) -> None:
    user = create_user(name="王主任")
    db.session.commit()
    with services.acting_as(user):
        services.record("List exported", ("employers", 7), name="甲公司", details={"rows": 12})
    with services.acting_as("import batch 3"):
        services.record("Created")
    db.session.commit()
    exported, created = events()[-2:]
    assert (exported.actor_id, exported.actor_name) == (user.id, "王主任")
    assert (exported.subject_type, exported.subject_id, exported.facts) == ("employers", "7", {"rows": 12})
    assert (created.actor_id, created.actor_name) == (None, "import batch 3")


def test_logs_and_caches_are_not_audited(app: Flask) -> None:
    user = create_user(Role.SPECIALIST)
    db.session.commit()
    kinds = {e.subject_type for e in events()}
    assert "users" in kinds
    assert not kinds & {"timeline", "workflow_history", "user_roles", "audit_events"}
    user.failed_logins = 3
    before = len(events())
    db.session.commit()
    assert len(events()) == before


def test_a_reading_request_records_in_a_transaction_of_its_own(app: Flask) -> None:
    with intending(Intent.READ):
        db.session.execute(select(User)).all()
        services.record_now("Mobile number revealed", ("contacts", 5))
    db.session.rollback()
    assert last().action == "Mobile number revealed"


def test_recording_at_once_inside_a_writing_transaction_is_refused(app: Flask) -> None:
    with writing():
        db.session.execute(select(User)).all()
        with pytest.raises(RuntimeError):
            services.record_now("Mobile number revealed")
        db.session.rollback()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_events SET actor_name = 'nobody'",
        "DELETE FROM audit_events",
        "DELETE FROM audit_events WHERE id = 1",
    ],
)
def test_the_database_refuses_to_change_the_trail(app: Flask, statement: str) -> None:
    create_branch()
    db.session.commit()
    with pytest.raises(DBAPIError, match="append-only"):
        db.session.execute(text(statement))
    db.session.rollback()


def test_the_history_of_a_record_lists_its_fields_newest_first(app: Flask) -> None:
    employer = create_employer(heads=1)
    db.session.commit()
    for count in (2, 3):
        employer.heads = count
        db.session.commit()
    changes = queries.changes_of("employers", employer.id)
    seen: list[tuple[Any, Any]] = [(c.old, c.new) for c in changes if c.field == "heads"]
    assert seen == [(2, 3), (1, 2), (None, 1)]
    assert changes[0].label


def test_e_mail_addresses_and_landlines_are_masked_like_mobiles(app: Flask) -> None:
    employer = create_employer(email="office@example.org")
    contact = create_contact(employer, landline="022-66881234", email="wangfang@example.org")
    db.session.commit()
    contact.email, contact.landline = "wang@example.org", None
    db.session.commit()
    assert last().fields == {
        "email": ["w***@example.org", "w***@example.org"],
        "landline": ["022****1234", None],
    }
    services.record("Checked", details={"email": "office@example.org"})
    db.session.commit()
    everything = " ".join(e.changes + e.details for e in events())
    assert not [s for s in ("office@", "wangfang", "66881234") if s in everything]


def test_a_record_without_a_name_is_called_by_what_it_belongs_to(app: Flask) -> None:
    create_contact(create_employer(name="星海云软件有限公司"))
    db.session.commit()
    (link,) = [e for e in events() if e.subject_type == "employer_contacts"]
    assert link.subject_name == "星海云软件有限公司"
    assert link.subject_id


def test_a_task_is_called_by_its_filled_title_in_chinese(app: Flask) -> None:
    task = Task(title="Get in touch with the new handler %(name)s", params={"name": "王芳"}, kind="welcome")
    task.due_on, task.branch_id = date(2026, 11, 20), create_branch().id
    db.session.add(task)
    db.session.commit()
    assert last().subject_name == "联系新经办人王芳"
