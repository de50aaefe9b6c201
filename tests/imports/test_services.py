"""The engine over real tables: dry run, apply, resume, cancel, undo."""

import os
import signal
import subprocess
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Select, func, select, update
from sqlalchemy.exc import OperationalError

from app.accounts.models import User
from app.audit.models import AuditEvent
from app.core.clock import now, today
from app.core.db import db
from app.core.errors import Conflict, DomainError, Forbidden
from app.core.importing.spec import Column, Context, ImportSpec, Line, Outcome, Plan, Remember, Taken
from app.core.periods import Period
from app.core.permissions import Role
from app.core.proofs import Findings
from app.core.rules.identifiers import credit_code
from app.core.sheets.refusals import SheetRefused
from app.core.timeline import record
from app.employers.models import Contact, Employer, EmployerContact, FormerName
from app.imports import jobs, queries, services
from app.imports.models import BatchState, ImportBatch, ImportRow
from app.imports.rows.queries import check
from app.imports.running.services import MOST_ATTEMPTS, running
from tests import spreadsheets
from tests.factories import create_branch, create_employer, create_user
from tests.imports.sample import COLUMNS, HEADER, credit_code_of, registered, row, variant, workbook
from tests.processes import start_script


@pytest.fixture
def spec(app: Flask) -> Iterator[ImportSpec]:
    with registered(app) as spec:
        yield spec


@pytest.fixture
def user(app: Flask) -> User:
    return create_user(Role.SPECIALIST)


def take_in(path: Path, user: User, spec: ImportSpec, **options: Any) -> ImportBatch:
    """Receive and run to the end, as a worker would."""
    with path.open("rb") as stream:
        batch = services.receive(spec, stream, path.name, user, branch=user.branch, **options)
    db.session.commit()
    return run(batch)


def run(batch: ImportBatch) -> ImportBatch:
    batch_id = batch.id
    jobs.run_batch(batch_id)
    return db.session.get_one(ImportBatch, batch_id, populate_existing=True)


def applied(path: Path, user: User, spec: ImportSpec, **options: Any) -> ImportBatch:
    return take_in(path, user, spec, apply=True, **options)


def undone(batch: ImportBatch) -> ImportBatch:
    services.start_undoing(batch)
    db.session.commit()
    return run(batch)


def counts(batch: ImportBatch) -> tuple[int, int, int, int]:
    return batch.new, batch.changed, batch.unchanged, batch.rejected


def number_of(model: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def employer(number: int) -> Employer:
    return db.session.scalars(select(Employer).where(Employer.uscc == credit_code_of(number))).one()


def test_a_dry_run_counts_and_shows_and_writes_nothing(tmp_path: Path, user: User, spec: ImportSpec) -> None:
    applied(workbook(tmp_path, [row(1), row(2)]), user, spec)
    rows = [row(1), row(2, heads=99), row(3), row(4, uscc="911200001030663878")]
    batch = take_in(workbook(tmp_path, rows), user, spec)
    assert batch.state is BatchState.PREVIEWED
    assert counts(batch) == (1, 1, 1, 1)
    assert batch.reasons == {"uscc.wrong_check_digit": 1}
    assert employer(2).heads == 2
    (changed,) = queries.rows_of(batch, Outcome.CHANGED)
    assert changed.notes[0]["b"] == {"heads": 2}
    assert changed.notes[0]["a"] == {"heads": 99}
    (new,) = queries.rows_of(batch, Outcome.NEW)
    assert (new.number, new.values["name"]) == (5, "测试单位3有限公司")
    assert number_of(Employer) == 2


def test_a_dry_run_shows_the_values_of_its_first_fifty_new_rows(
    tmp_path: Path, user: User, spec: ImportSpec
) -> None:
    batch = take_in(workbook(tmp_path, [row(n) for n in range(1, 61)]), user, spec)
    shown = queries.rows_of(batch, Outcome.NEW, limit=100)
    assert [one.values["name"] for one in shown] == [f"测试单位{n}有限公司" for n in range(1, 51)]


def test_applying_after_the_dry_run_does_what_it_showed(tmp_path: Path, user: User, spec: ImportSpec) -> None:
    batch = take_in(workbook(tmp_path, [row(n) for n in range(1, 8)]), user, spec)
    services.start_applying(batch)
    db.session.commit()
    batch = run(batch)
    assert batch.state is BatchState.APPLIED
    assert (counts(batch), batch.done, batch.total) == ((7, 0, 0, 0), 7, 7)
    found = employer(3)
    assert (found.name, found.heads, found.employer_rate) == ("测试单位3有限公司", 3, Decimal("0.05"))
    assert found.account_opened_on == date(2022, 9, 1)
    assert found.branch_id == user.branch_id
    assert [link.contact.mobile for link in found.contacts] == ["19900000001"]
    assert number_of(Contact) == 3
    events = db.session.scalars(select(AuditEvent).where(AuditEvent.action == "Import applied")).all()
    assert [event.actor_id for event in events] == [user.id]


def test_the_same_file_again_changes_nothing(tmp_path: Path, user: User, spec: ImportSpec) -> None:
    path = workbook(tmp_path, [row(n) for n in range(1, 8)])
    first = applied(path, user, spec)
    stamp = employer(1).updated_at
    again = applied(path, user, spec)
    assert counts(again) == (0, 0, 7, 0)
    assert employer(1).updated_at == stamp
    assert db.session.scalar(select(func.count()).where(ImportRow.batch_id == again.id)) == 0
    assert queries.applied_before(again) == first


BAD: dict[str, tuple[dict[str, Any], str]] = {
    # not required, and yet not taken for "nothing said"
    "formula": ({"heads": "=1+1"}, "heads.not_calculated"),
    "wrong check digit": ({"uscc": "911200001030663878"}, "uscc.wrong_check_digit"),
    "empty code": ({"uscc": None}, "uscc.empty"),
    "future date": ({"account_opened_on": date(2099, 1, 1)}, "account_opened_on.future_date"),
    "negative heads": ({"heads": -3}, "heads.negative"),
    "rate of half": ({"employer_rate": "50%"}, "employer_rate.rate_outside"),
    "unknown status": ({"account_status": "77"}, "account_status.unknown_code"),
    "dead mobile": ({"mobile": "12345"}, "mobile.not_a_phone"),
    "what the spec refuses": ({"name": "黑名单公司"}, "name.blacklisted"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_row_is_rejected_with_its_reason_and_the_others_apply(
    tmp_path: Path, user: User, spec: ImportSpec, what: str
) -> None:
    changes, reason = BAD[what]
    batch = applied(workbook(tmp_path, [row(1), row(2, **changes), row(3)]), user, spec)
    assert (counts(batch), batch.reasons) == ((2, 0, 0, 1), {reason: 1})
    (rejected,) = queries.rows_of(batch, Outcome.REJECTED)
    assert rejected.number == 4
    assert spec.explain(queries.reasons_of(rejected)[0])
    assert number_of(Employer) == 2


def test_a_row_with_several_faults_tells_all_of_them(tmp_path: Path, user: User, spec: ImportSpec) -> None:
    batch = applied(workbook(tmp_path, [row(1, heads=-1, employer_rate=0.5)]), user, spec)
    assert batch.reasons == {"heads.negative": 1, "employer_rate.rate_outside": 1}


def test_a_key_that_comes_twice_is_rejected_the_second_time(
    tmp_path: Path, user: User, spec: ImportSpec
) -> None:
    batch = applied(workbook(tmp_path, [row(1), row(2), row(1, heads=5)]), user, spec)
    assert (counts(batch), batch.reasons) == ((2, 0, 0, 1), {"repeated": 1})
    assert employer(1).heads == 1


def test_rejected_rows_come_back_as_they_were_with_the_reason(
    tmp_path: Path, user: User, spec: ImportSpec
) -> None:
    batch = applied(workbook(tmp_path, [row(1), row(2, heads=-3), row(3, heads="三")]), user, spec)
    header, rows = queries.rejected_table(batch)
    found = list(rows)
    assert header[:2] == ["统一社会信用代码", "单位名称"]
    assert [cells[4] for cells in found] == [-3, "三"]
    assert all(len(cells) == len(header) for cells in found)
    assert "-3" in str(found[0][-1])


def test_undo_takes_creations_and_changes_back(tmp_path: Path, user: User, spec: ImportSpec) -> None:
    applied(workbook(tmp_path, [row(n) for n in range(1, 6)]), user, spec)
    batch = applied(
        workbook(tmp_path, [row(1, heads=50, name="新名称"), row(2), *map(row, range(6, 12))]), user, spec
    )
    assert counts(batch) == (6, 1, 1, 0)
    batch = undone(batch)
    assert batch.state is BatchState.UNDONE
    assert (batch.undone, batch.kept) == (7, 0)
    assert (employer(1).heads, employer(1).name) == (1, "测试单位1有限公司")
    assert number_of(Employer) == 5
    assert number_of(EmployerContact) == 5
    assert number_of(Contact) == 2


def test_undo_of_everything_leaves_nothing(tmp_path: Path, user: User, spec: ImportSpec) -> None:
    batch = undone(applied(workbook(tmp_path, [row(n) for n in range(1, 1300)]), user, spec))
    assert (batch.undone, batch.kept) == (1299, 0)
    assert (number_of(Employer), number_of(Contact), number_of(EmployerContact)) == (0, 0, 0)


def test_undo_keeps_and_lists_rows_that_were_edited_since(
    tmp_path: Path, user: User, spec: ImportSpec
) -> None:
    applied(workbook(tmp_path, [row(1), row(2)]), user, spec)
    batch = applied(workbook(tmp_path, [row(1, heads=50), row(2, heads=60), row(3), row(4)]), user, spec)
    employer(1).heads = 51
    employer(3).name = "改名公司"
    db.session.commit()
    batch = undone(batch)
    assert (batch.undone, batch.kept) == (2, 2)
    assert [(one.number, one.kept["code"], one.kept["names"]) for one in queries.kept_rows(batch)] == [
        (3, "edited", ["heads"]),
        (5, "edited", []),
    ]
    assert (employer(1).heads, employer(2).heads, employer(3).name) == (51, 2, "改名公司")
    assert number_of(Employer) == 3
    assert len(employer(3).contacts) == 1


def test_imports_can_be_taken_back_one_after_the_other(tmp_path: Path, user: User, spec: ImportSpec) -> None:
    first = applied(workbook(tmp_path, [row(1), row(2)]), user, spec)
    second = applied(workbook(tmp_path, [row(1, heads=50), row(2)]), user, spec)
    assert undone(first).kept == 1  # the second builds on it
    assert undone(second).kept == 0
    rest = undone(first)
    assert (rest.state, rest.kept, queries.kept_rows(rest)) == (BatchState.UNDONE, 0, [])
    with pytest.raises(Conflict):
        services.start_undoing(rest)
    again = applied(workbook(tmp_path, [row(1), row(3)]), user, spec)
    later = applied(workbook(tmp_path, [row(3, heads=70)]), user, spec)
    assert undone(later).kept == 0
    assert undone(again).kept == 0
    assert db.session.scalar(select(func.count()).where(Employer.uscc == credit_code_of(3))) == 0


def test_undo_keeps_an_employer_that_something_newer_depends_on(
    tmp_path: Path, user: User, spec: ImportSpec
) -> None:
    batch = applied(workbook(tmp_path, [row(1, mobile=None), row(2, mobile=None)]), user, spec)
    person = Contact(name="后来的联系人", mobile="13900000000")
    db.session.add(person)
    db.session.flush()
    db.session.add(EmployerContact(employer_id=employer(1).id, contact_id=person.id, role="finance"))
    record(employer(2).id, "note", "Something that only tells")
    db.session.commit()
    batch = undone(batch)
    assert (batch.undone, batch.kept) == (1, 1)
    (kept,) = queries.kept_rows(batch)
    assert (kept.kept["code"], kept.kept["names"]) == ("in_use", ["employer_contacts"])
    assert [one.uscc for one in db.session.scalars(select(Employer))] == [credit_code_of(1)]


def test_a_shared_contact_stays_as_long_as_one_kept_row_needs_it(
    tmp_path: Path, user: User, spec: ImportSpec
) -> None:
    number = "13800138000"
    batch = applied(workbook(tmp_path, [row(1, mobile=number), row(2, mobile=number)]), user, spec)
    employer(2).name = "改名公司"
    db.session.commit()
    batch = undone(batch)
    assert (batch.undone, batch.kept) == (0, 2)  # the first row made the contact that the second still uses
    assert number_of(EmployerContact) == 2


def test_undoing_twice_is_refused(tmp_path: Path, user: User, spec: ImportSpec) -> None:
    batch = undone(applied(workbook(tmp_path, [row(1)]), user, spec))
    with pytest.raises(Conflict):
        services.start_undoing(batch)


def test_applying_twice_is_refused(tmp_path: Path, user: User, spec: ImportSpec) -> None:
    batch = take_in(workbook(tmp_path, [row(1)]), user, spec)
    services.start_applying(batch)
    with pytest.raises(Conflict):
        services.start_applying(batch)


def test_running_a_finished_batch_again_changes_nothing(tmp_path: Path, user: User, spec: ImportSpec) -> None:
    batch = applied(workbook(tmp_path, [row(1)]), user, spec)
    before = (counts(batch), batch.done, batch.finished_at)
    batch = run(batch)
    assert (counts(batch), batch.done, batch.finished_at) == before


def steps_of(batch: ImportBatch, number: int) -> None:
    """Run and commit some steps, then vanish without a word, as a killed worker does."""
    engine = running(batch.id)
    for _ in range(number):
        next(engine)
        db.session.commit()
    db.session.rollback()


def expire_lease(batch: ImportBatch) -> None:
    db.session.execute(update(ImportBatch).values(lease_until=now() - timedelta(seconds=1)))
    db.session.commit()


def test_a_killed_run_is_resumed_without_doubling(tmp_path: Path, user: User, spec: ImportSpec) -> None:
    rows = [*map(row, range(1, 2501)), row(7, heads=70)]
    with workbook(tmp_path, rows).open("rb") as stream:
        batch = services.receive(spec, stream, "a.xlsx", user, branch=user.branch, apply=True)
    db.session.commit()
    steps_of(batch, 2)
    assert number_of(Employer) == 1000
    assert run(batch).done == 1000  # the lease still keeps others away
    expire_lease(batch)
    batch = run(batch)
    assert batch.state is BatchState.APPLIED
    assert (counts(batch), batch.done) == ((2500, 0, 0, 1), 2501)
    assert batch.reasons == {"repeated": 1}
    assert number_of(Employer) == 2500


def test_the_sweep_finds_what_a_killed_worker_left(tmp_path: Path, user: User, spec: ImportSpec) -> None:
    with workbook(tmp_path, [row(1)]).open("rb") as stream:
        batch = services.receive(spec, stream, "a.xlsx", user, branch=user.branch, apply=True)
    db.session.commit()
    steps_of(batch, 1)
    assert queries.abandoned() == []
    moment = now() - timedelta(minutes=5)
    db.session.execute(update(ImportBatch).values(lease_until=moment, updated_at=moment))
    db.session.commit()
    assert queries.abandoned() == [batch.id]


def test_two_workers_do_not_both_apply(tmp_path: Path, user: User, spec: ImportSpec) -> None:
    with workbook(tmp_path, [row(n) for n in range(1, 2002)]).open("rb") as stream:
        batch = services.receive(spec, stream, "a.xlsx", user, branch=user.branch, apply=True)
    db.session.commit()
    first = running(batch.id)
    next(first)
    db.session.commit()
    next(first)
    db.session.commit()
    expire_lease(batch)  # the first was only slow
    second = run(batch)
    assert second.state is BatchState.APPLIED
    assert list(first) == []  # it notices, and writes nothing more
    db.session.commit()
    assert number_of(Employer) == 2001


def test_cancelling_takes_back_what_was_applied(tmp_path: Path, user: User, spec: ImportSpec) -> None:
    with workbook(tmp_path, [row(n) for n in range(1, 2501)]).open("rb") as stream:
        batch = services.receive(spec, stream, "a.xlsx", user, branch=user.branch, apply=True)
    db.session.commit()
    engine = running(batch.id)
    for _ in range(2):
        next(engine)
        db.session.commit()
    assert number_of(Employer) == 1000
    services.cancel(batch)
    db.session.commit()
    for _ in engine:
        db.session.commit()
    db.session.refresh(batch)
    assert (batch.state, batch.undone) == (BatchState.CANCELLED, 1000)
    assert number_of(Employer) == 0


def test_a_dry_run_is_dropped_at_once(tmp_path: Path, user: User, spec: ImportSpec) -> None:
    batch = take_in(workbook(tmp_path, [row(1)]), user, spec)
    services.cancel(batch)
    assert batch.state is BatchState.CANCELLED
    with pytest.raises(Conflict):
        services.start_applying(batch)


def test_a_fault_is_tried_again_and_then_given_up(tmp_path: Path, app: Flask, user: User) -> None:
    def broken(plans: Any, context: Context) -> None:
        raise RuntimeError("a bug")

    with registered(app, variant(name="broken", applied=broken)) as spec:
        with workbook(tmp_path, [row(1)]).open("rb") as stream:
            batch = services.receive(spec, stream, "a.xlsx", user, branch=user.branch, apply=True)
        db.session.commit()
        for _ in range(MOST_ATTEMPTS):
            with pytest.raises(RuntimeError):
                jobs.run_batch(batch.id)
        db.session.refresh(batch)
        assert batch.state is BatchState.FAILED
        assert "RuntimeError" in queries.failure_of(batch)
        assert number_of(Employer) == 0
        assert undone(batch).state is BatchState.UNDONE


def test_a_file_without_the_headings_waits_with_the_sentence(
    tmp_path: Path, user: User, spec: ImportSpec
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("甲,乙\n1,2\n", encoding="utf-8")
    batch = take_in(path, user, spec)
    assert batch.state is BatchState.UNMAPPED
    assert "统一社会信用代码" in queries.failure_of(batch)


def test_what_is_no_spreadsheet_is_refused_on_receipt(tmp_path: Path, user: User, spec: ImportSpec) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(b"%PDF-1.7")
    with pytest.raises(SheetRefused):
        take_in(path, user, spec)
    assert list(queries.folder().glob("draft-*")) == []


def test_the_month_is_found_in_the_title_or_asked_for(tmp_path: Path, app: Flask, user: User) -> None:
    with registered(app, variant(name="monthly", needs_period=True)) as spec:
        batch = take_in(workbook(tmp_path, [row(1)]), user, spec)
        assert (batch.period, batch.title) == (Period(2022, 9), "2022年9月样表")
        chosen = take_in(workbook(tmp_path, [row(1)]), user, spec, period=Period(2022, 7))
        assert chosen.period == Period(2022, 7)
        path = tmp_path / "plain.csv"
        path.write_text("统一社会信用代码,单位名称\n", encoding="utf-8")
        assert take_in(path, user, spec).state is BatchState.FAILED
        with pytest.raises(DomainError):
            take_in(path, user, spec, period=Period.of(date.today()) + 1)  # noqa: DTZ011


def test_an_as_of_date_in_the_future_is_refused(tmp_path: Path, user: User, spec: ImportSpec) -> None:
    with pytest.raises(DomainError):
        take_in(workbook(tmp_path, [row(1)]), user, spec, as_of=date(2099, 1, 1))


def test_a_role_that_may_not_import_is_refused(tmp_path: Path, app: Flask, spec: ImportSpec) -> None:
    with pytest.raises(Forbidden):
        take_in(workbook(tmp_path, [row(1)]), create_user(Role.AUDIT_ADMIN), spec)


def test_hooks_see_what_was_written_and_what_undo_takes_away(tmp_path: Path, app: Flask, user: User) -> None:
    told: list[Any] = []

    def on_applied(plans: Any, context: Context) -> None:
        told.append(("applied", [plan.record_id for plan in plans], context.dry_run))
        first: Plan = plans[0]
        record_id = first.record_id or 0
        db.session.execute(update(Employer).where(Employer.id == record_id).values(stage="contributing"))
        first.note(Employer, record_id, {"stage": "prospect"}, {"stage": "contributing"})

    spec = variant(
        name="hooked",
        applied=on_applied,
        finished=lambda _: told.append("finished"),
        removing=lambda table, ids, _: told.append(("removing", table, list(ids))),
        reverted=lambda restored, _: told.append(("reverted", {n: list(i) for n, i in restored.items()})),
    )
    with registered(app, spec):
        batch = applied(workbook(tmp_path, [row(1, mobile=None)]), user, spec)
        key = employer(1).id
        assert told == [("applied", [key], False), "finished"]
        assert employer(1).stage == "contributing"
        told.clear()
        undone(batch)
        assert told == [("removing", "employers", [key]), ("reverted", {"employers": [key]})]
        assert number_of(Employer) == 0


def test_batches_of_another_branch_are_not_found(tmp_path: Path, user: User, spec: ImportSpec) -> None:
    batch = take_in(workbook(tmp_path, [row(1)]), user, spec)
    other = create_user(Role.SPECIALIST, branch=create_branch())
    with pytest.raises(DomainError):
        queries.batch_for(other, batch.id)
    assert queries.batch_for(user, batch.id) == batch
    assert db.session.scalars(queries.batches(other)).all() == []


def test_a_worker_killed_by_the_system_is_resumed(
    tmp_path: Path, app: Flask, user: User, spec: ImportSpec
) -> None:
    """The real thing: another process applies, dies by SIGKILL half-way, and this one finishes."""
    with workbook(tmp_path, [row(n) for n in range(1, 4001)]).open("rb") as stream:
        batch = services.receive(spec, stream, "a.xlsx", user, branch=user.branch, apply=True)
    db.session.commit()
    settings = app.extensions["jinnuo.settings"]
    script = textwrap.dedent(
        f"""
        from app import create_app
        from app.core.db import db, writing
        from app.imports.running.services import running
        from tests.imports.sample import registered
        app = create_app()
        with app.app_context(), registered(app), writing():
            for step in running({batch.id}):
                db.session.commit()
                print("step", flush=True)
        """
    )
    environment = {
        **os.environ,
        "JINNUO_HOME": str(settings.home),
        "DATABASE_URL": settings.database_url,
        "SECRET_KEY": settings.secret_key,
    }
    worker = start_script(script, environment=environment, output=subprocess.PIPE)
    assert worker.stdout is not None
    for _ in range(3):
        assert worker.stdout.readline()
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    db.session.rollback()
    half = number_of(Employer)
    assert 0 < half < 4000
    db.session.rollback()
    expire_lease(batch)
    batch = run(batch)
    assert (batch.state, counts(batch)) == (BatchState.APPLIED, (4000, 0, 0, 0))
    assert number_of(Employer) == 4000
    assert check() == Findings(whole=1), "its event vouches for what both runs wrote"


def _known_or_nameless(lines: Sequence[Line], context: Context) -> list[Plan]:
    """Puts a former name beside employers that are known, and remarks it; others become employers by name."""
    plans = []
    known = {one.name: one for one in db.session.scalars(select(Employer))}
    for line in lines:
        plan, name = Plan(line), line.values["name"]
        if name in known:
            plan.record = known[name].id
            plan.remark("already_there", name=name)
            former = {"employer_id": known[name].id, "name": "旧名", "name_key": "旧名"}
            plan.create(FormerName, former, beside=True)
        else:
            if not line.values.get("uscc"):
                plan.remark("missing", "uscc")
            plan.create(Employer, {"name": name, "name_key": name, "branch_id": context.branch_id})
        plans.append(plan)
    return plans


def test_evidence_beside_a_record_and_remarks_are_counted_listed_and_undone(
    app: Flask, tmp_path: Path, user: User
) -> None:
    there = create_employer(user.branch, name="老单位有限公司")
    code = Column("uscc", "Credit code", ("统一社会信用代码",), credit_code)
    nameless = variant(
        columns=(code, *COLUMNS[1:]),
        key_otherwise=("name",),
        plan=_known_or_nameless,
        remarks={"already_there": "is there already: %(name)s", "missing": "is missing"},
    )
    rows = [row(1, uscc=None), row(2, uscc=None), row(3, uscc=None, name=there.name), row(2, uscc=None)]
    path = workbook(tmp_path, rows)
    with registered(app, nameless) as spec:
        shown = take_in(path, user, spec)
        batch = applied(path, user, spec)
        for one in (shown, batch):
            assert counts(one) == (2, 0, 1, 1)
            assert one.reasons == {"uscc.missing": 2, "already_there": 1, "repeated": 1}
            (unchanged,) = queries.rows_of(one, Outcome.UNCHANGED)
            assert queries.shown(spec, unchanged).reasons == ["is there already: 老单位有限公司"]
        assert queries.reason_counts(batch, spec).remarks[0] == ("Credit code：is missing", 2)
        assert number_of(FormerName) == 1
        batch = undone(batch)
    assert (batch.undone, batch.kept, number_of(FormerName)) == (3, 0, 0)
    assert db.session.scalars(select(Employer.name)).all() == ["老单位有限公司"]


@pytest.mark.parametrize(
    ("name", "given", "day"),
    [
        ("参保单位_2022-09.xlsx", None, date(2022, 9, 30)),
        ("参保单位.xlsx", date(2022, 8, 31), date(2022, 8, 31)),
        ("参保单位.xlsx", None, None),
    ],
)
def test_the_day_of_a_file_is_the_one_given_or_found_in_it_or_today(
    app: Flask, tmp_path: Path, user: User, name: str, given: date | None, day: date | None
) -> None:
    path = spreadsheets.workbook(tmp_path / name, [HEADER, row(1)])
    with registered(app, variant(needs_as_of=True)) as spec:
        assert applied(path, user, spec, as_of=given).as_of == (day or today())


def edited_elsewhere(record: int, **values: Any) -> None:
    """Another process changes an employer, and does not wait for it."""
    with db.engine.connect() as other:
        other.rollback()
        other.exec_driver_sql("SET LOCAL lock_timeout = '200ms'")
        other.execute(update(Employer).where(Employer.id == record).values(**values))
        other.commit()


@pytest.mark.databases("postgresql")  # on SQLite whoever writes is alone
def test_what_a_person_saves_while_a_chunk_is_planned_stays(app: Flask, tmp_path: Path, user: User) -> None:
    listed = queries.spec_named("registry")
    saved: list[int] = []

    def plan(lines: Sequence[Line], context: Context) -> Sequence[Plan]:
        made = listed.plan(lines, context)
        if not context.dry_run and not saved and made[0].writes[0].before is not None:
            saved.append(one.id)
            edited_elsewhere(one.id, address="人工路", told={"address": ["office", "2022-09-03"]})
        return made

    header, code = ["统一社会信用代码", "企业名称", "注册地址", "注册资金"], credit_code_of(1)
    with registered(app, replace(listed, name="watched", plan=plan)) as spec:
        for month, address in (("8", "旧路"), ("9", "新路")):
            rows = [[f"2022年{month}月"], header, [code, "甲公司", address, f"{month}万元"]]
            path = spreadsheets.workbook(tmp_path / f"{month}.xlsx", rows)
            batch = take_in(path, user, spec, apply=True)
            one = db.session.scalars(select(Employer)).one()
    assert saved and (one.address, one.registered_capital) == ("人工路", "9万元")
    assert (batch.state, batch.changed, batch.conflicts) == (BatchState.APPLIED, 1, 1)


@pytest.mark.databases("postgresql")
def test_whoever_edits_what_is_taken_in_sets_waits_for_it(app: Flask, tmp_path: Path, user: User) -> None:
    statement = queries.spec_named("statement")
    way = statement.setwise
    assert way is not None
    waited: list[str] = []

    def take(context: Context, remember: Remember) -> Taken:
        def watched(noted: Select[*tuple[Any, ...]]) -> int:
            number = db.session.scalars(select(Employer.id)).one()
            with pytest.raises(OperationalError, match="lock timeout"):
                edited_elsewhere(number, heads=77)
            waited.append("yes")
            return remember(noted)

        return way.take(context, watched)

    header = ["单位账号", "单位名称", "统一社会信用代码", "单位账户状态", "缴存人数", "缴至年月"]
    with registered(app, replace(statement, name="watched", setwise=replace(way, take=take))) as spec:
        for month in ("08", "09"):
            line = ["030100000001", "甲公司", credit_code_of(1), "01", int(month), f"2022{month}"]
            path = spreadsheets.workbook(tmp_path / f"2022{month}.xlsx", [header, line])
            assert take_in(path, user, spec, apply=True).state is BatchState.APPLIED
    assert waited == ["yes"] and db.session.scalars(select(Employer.heads)).one() == 9


def test_a_long_cell_is_shown_short_with_a_sign_that_it_goes_on(
    tmp_path: Path, user: User, spec: ImportSpec
) -> None:
    name = "示范" * 60
    batch = take_in(workbook(tmp_path, [row(1, name=name)]), user, spec)
    (shown,) = queries.rows_of(batch, Outcome.NEW)
    assert shown.values["name"] == f"{name[:79]}…"
