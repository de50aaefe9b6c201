"""The rows of an import lie outside the chain of events; its events vouch for them by digests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text, update

from app.audit.models import AuditEvent
from app.core.db import db
from app.core.importing.spec import ImportSpec
from app.core.permissions import Role
from app.imports import services
from app.imports.jobs import clear
from app.imports.models import BatchState, ImportBatch, ImportRow
from app.imports.rows.queries import APPLIED, CLEARED, DIFFERENT, check
from tests.factories import create_user, sign_in
from tests.imports.sample import registered, row, workbook
from tests.imports.test_services import run, take_in


@pytest.fixture
def spec(app: Flask) -> Iterator[ImportSpec]:
    with registered(app) as spec:
        yield spec


@pytest.fixture
def batch(spec: ImportSpec, tmp_path: Path) -> ImportBatch:
    path = workbook(tmp_path, [row(number) for number in range(1, 101)], "list.xlsx")
    return take_in(path, create_user(Role.SPECIALIST), spec, apply=True)


def tamper(batch: ImportBatch, number: int, **values: object) -> None:
    db.session.execute(
        update(ImportRow).where(ImportRow.batch_id == batch.id, ImportRow.number == number).values(**values)
    )
    db.session.commit()


def test_an_applied_import_is_whole_until_one_of_its_rows_is_changed(app: Flask, batch: ImportBatch) -> None:
    assert (check().whole, check().flaws, check().unsealed) == (1, (), ())
    tamper(batch, 50, record_id=999)
    flaw = check().flaws[0]
    assert (flaw.record_id, flaw.name, flaw.reason) == (batch.id, "list.xlsx", DIFFERENT)
    assert flaw.rows is not None and flaw.rows[0] <= 50 <= flaw.rows[1]
    assert flaw.rows[1] - flaw.rows[0] < 5, "the place is named, not the whole file"


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM import_rows WHERE number = 7",
        "UPDATE import_rows SET notes = '[]' WHERE number = 7",
        "UPDATE import_rows SET key = 'x' WHERE number = 7",
        'INSERT INTO import_rows (batch_id, number, outcome, key, "values", notes, reasons, kept) '
        'SELECT batch_id, number, outcome, key, "values", notes, reasons, kept '
        "FROM import_rows WHERE number = 7",
    ],
)
def test_a_row_removed_changed_or_slipped_in_shows(app: Flask, batch: ImportBatch, change: str) -> None:
    db.session.execute(text(change))
    db.session.commit()
    (flaw,) = check().flaws
    assert flaw.rows is not None and flaw.rows[0] <= 7 <= flaw.rows[1]


def test_what_an_undo_left_is_vouched_for_as_well(app: Flask, batch: ImportBatch) -> None:
    services.start_undoing(batch)
    db.session.commit()
    assert check().flaws == (), "while rows are being taken back, what they did still counts"
    batch = run(batch)
    assert batch.state is BatchState.UNDONE and check().flaws == ()
    tamper(batch, 9, undone=False)
    assert [flaw.record_id for flaw in check().flaws] == [batch.id]


def test_rows_deleted_by_the_rule_are_told_from_rows_deleted_by_hand(app: Flask, batch: ImportBatch) -> None:
    clear([batch.id])
    db.session.commit()
    assert check().flaws == ()


def test_a_batch_made_to_look_cleared_is_a_flaw(app: Flask, batch: ImportBatch) -> None:
    db.session.execute(text("DELETE FROM import_rows"))
    db.session.execute(text("UPDATE import_batches SET cleared_at = finished_at"))
    db.session.commit()
    assert [flaw.reason for flaw in check().flaws] == [CLEARED]


def test_an_import_from_before_digests_is_said_as_such_and_does_not_fail(
    app: Flask, spec: ImportSpec
) -> None:
    user = create_user(Role.SPECIALIST)
    old = ImportBatch(spec=spec.name, branch_id=user.branch_id, file_name="old.xlsx", sha256="0" * 64)
    old.state = BatchState.APPLIED
    db.session.add(old)
    db.session.commit()
    assert (check().whole, check().flaws, check().unsealed) == (0, (), (old.id,))


def test_the_command_names_the_import_and_fails(app: Flask, batch: ImportBatch) -> None:
    runner = app.test_cli_runner()
    assert "imports whole: 1" in runner.invoke(args=["audit", "verify"]).output
    tamper(batch, 50, record_id=999)
    result = runner.invoke(args=["audit", "verify"])
    assert result.exit_code == 1
    assert f"import {batch.id} (list.xlsx): its rows are not what was written, between rows" in result.output
    assert '"whole": false' in runner.invoke(args=["audit", "verify", "--json"]).output


def test_the_page_of_the_event_shows_counts_but_no_digests(client: FlaskClient, batch: ImportBatch) -> None:
    event = db.session.scalars(select(AuditEvent).where(AuditEvent.action == APPLIED)).one()
    sign_in(client, create_user(Role.AUDIT_ADMIN))
    page = client.get(f"/audit/{event.id}").text
    assert event.facts["sealed"]["rows"] == 100
    assert "list.xlsx" in page and event.facts["sealed"]["digests"][0] not in page
