"""Statements open, change and end arrears cases by themselves; people work on them in between."""

from collections import Counter
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from app.accounts.models import User
from app.attachments.queries import kind_of
from app.attachments.services import attach, checked
from app.contributions.arrears.models import ArrearsCase, ArrearsPromise, CaseState, Outcome
from app.contributions.arrears.operating.services import go_on
from app.contributions.arrears.queries import Said
from app.contributions.arrears.services import catch_up, judged
from app.contributions.arrears.workflow import ARREARS
from app.core.clock import today
from app.core.db import db, writing
from app.core.errors import DomainError, Forbidden
from app.core.periods import Period
from app.core.permissions import Role
from app.core.story import told
from app.core.timeline import TimelineEntry
from app.core.workflow.engine import available, history, transition
from app.employers.models import Employer, Stage
from app.employers.services import edit_employer, version_of
from app.lifecycle.closing.helping.services import GONE_WITH_ACCOUNT, help_to_close
from app.lifecycle.workflow import LIFECYCLE
from app.tasks.models import DEADLINE, Task, TaskState
from tests.contributions.statements import apply, line, statement, take_back
from tests.factories import create_branch, create_user, seed_codes


@pytest.fixture
def department(app: Flask) -> Flask:
    create_branch("00")
    seed_codes()
    db.session.commit()
    return app


def cases() -> list[ArrearsCase]:
    db.session.expire_all()
    return list(
        db.session.scalars(select(ArrearsCase).order_by(ArrearsCase.employer_id, ArrearsCase.first_period))
    )


def the_case() -> ArrearsCase:
    (case,) = cases()
    return case


def month(app: Flask, folder: Path, name: str, *lines: tuple[object, ...]) -> int:
    batch: int = apply(app, statement(folder, name, lines))["batch"]
    return batch


def test_a_statement_opens_a_case_with_the_facts_before_and_after(department: Flask, tmp_path: Path) -> None:
    month(department, tmp_path, "2022年8月", line(1, 202208))
    assert cases() == []
    month(department, tmp_path, "2022年9月", line(1, 202208))
    case = the_case()
    assert (case.state, case.months, case.opened_on) == (CaseState.OPENED, 1, date(2022, 9, 30))
    (opened,) = history(ARREARS, case.id)
    assert opened.evidence == {
        "statement": "202209",
        "as_of": "2022-09-30",
        "before": {"account_status": "01", "months": 0, "paid_through": "202208"},
        "after": {"account_status": "01", "months": 1, "paid_through": "202208"},
    }
    kinds = Counter(db.session.scalars(select(TimelineEntry.kind)))
    assert kinds["arrears"] == 1


def test_the_next_statements_change_and_settle_it(department: Flask, tmp_path: Path) -> None:
    month(department, tmp_path, "2022年8月", line(1, 202207))
    month(department, tmp_path, "2022年9月", line(1, 202207, heads=6, amount=1200))
    case = the_case()
    assert (case.months, case.heads, str(case.amount_due)) == (2, 6, "2400.00")
    month(department, tmp_path, "2022年10月", line(1, 202210))
    case = the_case()
    assert (case.state, case.closed_on, case.most_months) == (CaseState.SETTLED, date(2022, 10, 31), 2)
    assert [row.transition for row in history(ARREARS, case.id)] == ["statement_settled", "statement_opened"]


@pytest.mark.parametrize(
    ("status", "ending"), [("03", CaseState.RELIEVED), ("04", CaseState.CLOSED), ("05", CaseState.CLOSED)]
)
def test_a_case_ends_as_the_account_does(
    department: Flask, tmp_path: Path, status: str, ending: CaseState
) -> None:
    month(department, tmp_path, "2022年8月", line(1, 202207))
    month(department, tmp_path, "2022年9月", line(1, 202207, status=status))
    assert the_case().state is ending


def test_months_that_come_late_extend_split_and_join_cases_as_if_they_had_come_in_time(
    department: Flask, tmp_path: Path
) -> None:
    month(department, tmp_path, "2022年9月", line(1, 202208))
    month(department, tmp_path, "2022年7月", line(1, 202206))
    joined = the_case()
    assert (joined.first_period, joined.last_period) == (Period(2022, 7), Period(2022, 9))
    month(department, tmp_path, "2022年8月", line(1, 202208))
    earlier, later = cases()
    assert (earlier.state, earlier.closed_period) == (CaseState.SETTLED, Period(2022, 8))
    assert (later.id, later.first_period, later.state) == (joined.id, Period(2022, 9), CaseState.OPENED)
    month(department, tmp_path, "2022年8月", line(1, 202206))  # the correction finds it unpaid after all
    again = the_case()
    assert (again.id, again.first_period) == (joined.id, Period(2022, 7))


def test_undo_takes_a_case_back_and_reopens_what_had_ended(department: Flask, tmp_path: Path) -> None:
    user = create_user(Role.SPECIALIST)
    month(department, tmp_path, "2022年8月", line(1, 202207), line(2, 202208))
    worked = the_case()
    contact(worked, user)
    batch = month(department, tmp_path, "2022年9月", line(1, 202209), line(2, 202208))
    assert [case.state for case in cases()] == [CaseState.SETTLED, CaseState.OPENED]
    assert take_back(department, batch)["kept"] == 0
    case = the_case()
    assert (case.id, case.state, case.closed_on) == (worked.id, CaseState.CONTACTED, None)
    open_ones = select(Task.source_type).where(Task.kind == DEADLINE, Task.state == TaskState.OPEN)
    assert db.session.scalars(open_ones).all() == ["arrears"]


def test_a_case_somebody_worked_on_is_withdrawn_not_deleted(department: Flask, tmp_path: Path) -> None:
    """Speaking to the employer is work, and so is hanging a file on the case."""
    lines = [line(number, 202208) for number in (1, 2, 3)]
    month(department, tmp_path, "2022年8月", *lines)
    batch = month(department, tmp_path, "2022年9月", *lines)
    spoken, filed, _untouched = cases()
    with writing(), checked(BytesIO(b"a slip of the bank")) as file:
        attach(kind_of(filed), filed, file, "slip.txt", None)
        db.session.commit()
    contact(spoken, create_user(Role.SPECIALIST))
    take_back(department, batch)
    assert [(case.state, case.reason) for case in cases()] == [
        (CaseState.WITHDRAWN, "11"),
        (CaseState.WITHDRAWN, None),
    ]
    month(department, tmp_path, "2022年9月", *lines)
    assert [(case.state, case.closed_on) for case in cases()] == [
        (CaseState.CONTACTED, None),
        (CaseState.OPENED, None),
        (CaseState.OPENED, None),
    ]


def test_an_undone_correction_brings_back_the_case_that_it_had_deleted(
    department: Flask, tmp_path: Path
) -> None:
    month(department, tmp_path, "2022年9月", line(1, 202208))
    correction = month(department, tmp_path, "2022年9月", line(1, 202209))
    assert cases() == []
    take_back(department, correction)
    assert (the_case().state, the_case().months) == (CaseState.OPENED, 1)


def contact(case: ArrearsCase, user: object, reason: str = "11") -> None:
    answers = {"reason": reason, "contacted_on": today()}
    transition(ARREARS, case, "contact", user, answers=answers)  # type: ignore[arg-type]
    db.session.commit()


def test_the_reason_comes_before_anything_else(department: Flask, tmp_path: Path) -> None:
    month(department, tmp_path, "2022年9月", line(1, 202208))
    case, user = the_case(), create_user(Role.SPECIALIST)
    for step, answers in (
        ("promise", {"promised_for": today()}), ("urge", {"urged_on": today()}),
        ("seek_relief", {}), ("assist_closing", {}),
    ):  # fmt: skip
        with pytest.raises(DomainError) as refusal:
            transition(ARREARS, case, step, user, answers=answers)
        assert any("原因" in str(reason) for reason in refusal.value.reasons), step
    assert [one.transition.name for one in available(ARREARS, case, user) if one.open] == ["contact"]
    asked = select(Task).where(Task.source_type == "lifecycle", Task.state == TaskState.OPEN)
    assert len(db.session.scalars(asked).all()) == 1
    contact(case, user)
    assert db.session.scalars(asked).all() == []  # whoever was to ask why has asked
    assert case.employer.last_contact_on == today()
    for step in ("relief_begins", "relief_overdue"):
        transition(LIFECYCLE, case.employer, step, None)
    assert len(db.session.scalars(asked).all()) == 1
    catch_up()  # it is behind again within one case, which tells why already
    assert db.session.scalars(asked).all() == []


@pytest.mark.parametrize(
    ("reason", "operating_status", "open_steps"),
    [
        ("32", None, {"promise", "urge", "correct_reason"}),
        ("11", "01", {"promise", "urge", "seek_relief", "correct_reason"}),
        ("32", "04", {"assist_closing", "correct_reason"}),
        ("11", "05", {"assist_closing", "correct_reason"}),
        ("22", "01", {"assist_closing", "correct_reason"}),
    ],
)
def test_the_ways_part_by_operating_status_and_reason(
    department: Flask, tmp_path: Path, reason: str, operating_status: str | None, open_steps: set[str]
) -> None:
    month(department, tmp_path, "2022年9月", line(1, 202208))
    case, user = the_case(), create_user(Role.SPECIALIST)
    case.employer.operating_status = operating_status
    contact(case, user, reason)
    assert {one.transition.name for one in available(ARREARS, case, user) if one.open} == open_steps


def test_a_firm_that_is_not_gone_after_all_is_helped_to_close_no_more_and_its_case_goes_on(
    department: Flask, tmp_path: Path
) -> None:
    """The first had promised to pay; the second stopped by its own word; of the third a closing is begun."""
    month(department, tmp_path, "2022年9月", *(line(number, 202208) for number in (1, 2, 3)))
    user = create_user(Role.BRANCH_HEAD)
    for case, reason in zip(cases(), ("11", "22", "11"), strict=True):
        contact(case, user, reason)
    promised, stopped, begun = cases()
    transition(ARREARS, promised, "promise", user, answers={"promised_for": today()})
    for case in (promised, stopped, begun):
        correct_status(case.employer, "04", user)
        transition(ARREARS, case, "assist_closing", user)
    help_to_close()
    transition(LIFECYCLE, begun.employer, "begin_closing", user, answers={"account_closing_reason": "02"})
    db.session.commit()
    for case in (promised, stopped, begun):
        correct_status(case.employer, "01", user)
    db.session.commit()
    assert [case.state for case in cases()] == [CaseState.PROMISED, CaseState.CLOSING, CaseState.CLOSING]
    assert open_tasks(promised.employer) == []
    assert open_tasks(stopped.employer) == ["Help to close its account"]  # its case's, by what it says itself
    assert GONE_WITH_ACCOUNT in open_tasks(begun.employer)
    stories = [told(one.summary, one.params) for one in db.session.scalars(select(TimelineEntry))]
    ended = [one for one in stories if "并未吊销" in one]
    assert len(ended) == 3 and all("正常经营" in one for one in ended)
    assert go_on() == 0
    # gone in truth later on, it is asked for again
    correct_status(promised.employer, "05", user)
    help_to_close()
    assert open_tasks(promised.employer) == [GONE_WITH_ACCOUNT]


def correct_status(employer: Employer, status: str, actor: User) -> None:
    edit_employer(employer, {"operating_status": status}, version_of(employer), actor)


def open_tasks(employer: Employer) -> list[str]:
    asked = (Task.employer_id == employer.id, Task.state == TaskState.OPEN)
    return sorted(db.session.scalars(select(Task.title).where(*asked)))


def test_another_reason_leaves_a_promise_standing_for_what_is_due_by_its_day(
    department: Flask, tmp_path: Path
) -> None:
    this = Period.of(today())
    month(department, tmp_path, "2022年9月", line(1, 202207, 31))
    case, user = the_case(), create_user(Role.SPECIALIST)
    contact(case, user)
    transition(ARREARS, case, "promise", user, answers={"promised_for": (this + 1).last_day})
    (promise,) = case.promises
    assert promise.through == this  # that month's own pay day, the last of the month, comes after
    (correct,) = [one for one in available(ARREARS, case, user) if "correct" in one.transition.name]
    transition(ARREARS, case, correct.transition.name, user, answers={"reason": "32"})
    assert (case.state, case.reason) == (CaseState.PROMISED, "32")


def test_nobody_ends_a_case_by_hand(department: Flask, tmp_path: Path) -> None:
    month(department, tmp_path, "2022年9月", line(1, 202208))
    for step in ("statement_settled", "statement_kept", "statement_withdrawn"):
        with pytest.raises(Forbidden):
            transition(ARREARS, the_case(), step, create_user(Role.BRANCH_HEAD))


# -- promises ------------------------------------------------------------------------------------------

AUGUST, SEPTEMBER = Period(2022, 8), Period(2022, 9)


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        ([], Outcome.PENDING),
        ([Said(date(2022, 8, 31), Period(2022, 6), AUGUST)], Outcome.PENDING),
        ([Said(date(2022, 8, 31), AUGUST, AUGUST)], Outcome.KEPT),
        ([Said(date(2022, 9, 15), Period(2022, 7), SEPTEMBER)], Outcome.BROKEN),
        ([Said(date(2022, 9, 30), AUGUST, SEPTEMBER)], Outcome.KEPT),
        ([Said(date(2022, 9, 30), Period(2022, 7), SEPTEMBER, 0)], Outcome.LAPSED),  # deferred meanwhile
        ([Said(date(2022, 8, 31), Period(2022, 6), AUGUST, 0)], Outcome.PENDING),
        (
            [Said(date(2022, 10, 31), AUGUST, Period(2022, 10)), Said(date(2022, 9, 30), None, SEPTEMBER)],
            Outcome.BROKEN,
        ),
    ],
)
def test_a_promise_is_judged_by_the_first_statement_of_its_day_or_later(
    said: list[Said], outcome: Outcome
) -> None:
    assert judged(date(2022, 9, 15), AUGUST, said)[0] is outcome


def test_a_statement_of_the_day_on_which_it_was_promised_breaks_no_promise(
    department: Flask, tmp_path: Path
) -> None:
    """It was drawn before anybody promised anything."""
    this = Period.of(today())
    due = this + -1 if today().day <= 6 else this
    before, name = this + -1, f"{this.year}年{this.month}月"
    month(department, tmp_path, f"{before.year}年{before.month}月", line(1, int(due + -3), 1))
    case, user = the_case(), create_user(Role.SPECIALIST)
    contact(case, user)
    transition(ARREARS, case, "promise", user, answers={"promised_for": today()})
    db.session.commit()
    month(department, tmp_path, name, line(1, int(due + -3), 1))
    (promise,) = db.session.scalars(select(ArrearsPromise))
    assert (the_case().state, promise.outcome) == (CaseState.PROMISED, Outcome.PENDING)


@pytest.mark.parametrize(("paid", "state"), [(-1, CaseState.BROKEN), (0, CaseState.CONTACTED)])
def test_the_next_statement_tells_what_came_of_a_promise_and_undo_forgets_it(
    department: Flask, tmp_path: Path, paid: int, state: CaseState
) -> None:
    """The employer promises this month; a statement of today, who is behind by pay day 1, says the rest."""
    this = Period.of(today())
    due = this + -1 if today().day <= 6 else this
    name = f"{this.year}年{this.month}月"
    before = this + -1
    month(department, tmp_path, f"{before.year}年{before.month}月", line(1, int(due + -3), 1))
    case, user = the_case(), create_user(Role.SPECIALIST)
    contact(case, user)
    with pytest.raises(DomainError):
        transition(ARREARS, case, "promise", user, answers={"promised_for": today() - timedelta(days=1)})
    db.session.rollback()
    transition(ARREARS, case, "promise", user, answers={"promised_for": today()})
    (promise,) = case.promises
    # it promised less than everything, so that the case goes on; yesterday, as a statement of the day itself
    # could only show it kept
    promise.through, promise.made_on = due + -2, today() - timedelta(days=1)
    db.session.commit()
    batch = month(department, tmp_path, name, line(1, int(due + (-2 + paid)), 1))
    (promise,) = db.session.scalars(select(ArrearsPromise))
    assert (the_case().state, promise.decided_in) == (state, this)
    assert promise.outcome is (Outcome.BROKEN if paid else Outcome.KEPT)
    take_back(department, batch)
    (promise,) = db.session.scalars(select(ArrearsPromise))
    assert (the_case().state, promise.outcome, promise.decided_in) == (
        CaseState.PROMISED,
        Outcome.PENDING,
        None,
    )


def test_what_older_statements_left_is_caught_up_with_once(department: Flask, tmp_path: Path) -> None:
    month(department, tmp_path, "2022年9月", line(1, 202208), line(2, 202209))
    for case in cases():
        db.session.delete(case)
    db.session.commit()
    assert catch_up() == 1
    assert the_case().months == 1
    assert catch_up() == 0
    stages = Counter(db.session.scalars(select(Employer.stage)))
    assert stages == {Stage.IN_ARREARS: 1, Stage.CONTRIBUTING: 1}
