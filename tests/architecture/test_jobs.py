"""Every job of the house may run twice: the second run finds nothing left to do."""

import io
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, select, update

from app.contributions.models import ContributionFact
from app.core.clock import today
from app.core.db import db
from app.core.features import current_features
from app.core.jobs import known_jobs, run_inline
from app.core.periods import Period
from app.core.permissions import Role
from app.employers.models import AccountStatus, Employer, Stage
from app.employers.search.models import SearchDocument
from app.imports import queries, services
from app.imports.expected.models import ImportExpectation
from app.leads.ledger.models import Lead
from app.leads.pool.services import mind_idle
from app.relief.models import ReliefDecision, ReliefKind, ReliefState
from app.tasks.models import Task
from tests.architecture import samples
from tests.campaigns.sending import ready_campaign
from tests.factories import (
    create_branch,
    create_contact,
    create_employer,
    create_user,
    seed_eligibility_rules,
)

HASH = "0" * 64
#: when a row was last touched, and by whom, says nothing about what was done
TOUCHED = {"updated_at", "lease_until", "worker"}
#: tables that are written anew each time: their ids say nothing either
ANEW = {"employer_match_keys"}


def _twins() -> None:
    for name in ("滨海恒达科技有限公司", "滨海恒达科技有限责任公司"):
        create_employer(name=name)


def _behind() -> None:
    """One whose case is yet to be opened, and one that is late again and again."""
    month = Period.of(today())
    for employer in (create_employer(), create_employer()):
        employer.account_status, employer.paid_through = AccountStatus.NORMAL, month + -3
        employer.arrears_months, employer.statement_period = 2, month + -1
        db.session.add(
            ContributionFact(
                employer_id=employer.id,
                period=month + -1,
                account_status=AccountStatus.NORMAL,
                heads=1,
                paid_through=month + -3,
                arrears_months=2,
                as_of=(month + -1).last_day,
            )
        )


def _unindexed() -> None:
    create_employer()
    db.session.execute(delete(SearchDocument))


def _recorded_twice() -> None:
    employer = create_employer()
    for _again in range(2):
        create_contact(employer, name="李小梅", mobile="13812345678")


def _unscored() -> None:
    create_employer(uscc="91000000000020016R")
    db.session.execute(update(Employer).values(data_quality=None))


def _out_of_order() -> None:
    """A lead that nobody has ranked since its area was counted, and one that should have left."""
    area = samples.area(create_branch())
    create_employer(area_id=area, insured_heads=12)
    gone = create_employer()
    db.session.execute(update(Employer).where(Employer.id == gone.id).values(stage=Stage.DISMISSED))


def _branches() -> None:
    """One firm that a rule spares, and one of which it cannot tell."""
    seed_eligibility_rules()
    create_employer(name="滨海恒达科技有限公司第一分公司")
    create_employer(uscc="92000000000000001X")


def _lying() -> None:
    """Leads that nobody has spoken to for a year: one is warned of already, one not yet."""
    owner = create_user(Role.SPECIALIST)
    for warned in (True, False):
        firm = create_employer(owner.branch, owner_id=owner.id)
        db.session.execute(update(Lead).values(claimed_on=date(2020, 1, 1)))
        if warned:
            mind_idle()
            db.session.execute(update(Task).values(due_on=date(2020, 2, 1)))
            assert firm.owner_id == owner.id


def _stuck() -> None:
    create_employer(stage=Stage.REGISTERED, account_opened_on=today() - timedelta(days=90))


def _received() -> tuple[int]:
    rows = "企业名称,统一社会信用代码\n滨河晨曦软件有限公司,91000000000020016R\n滨河旧码贸易有限公司,无\n"
    user = create_user(Role.SPECIALIST)
    spec = queries.spec_named("registry")
    stream = io.BytesIO(rows.encode())
    return (services.receive(spec, stream, "registry.csv", user, branch=user.branch, apply=True).id,)


def _granted() -> None:
    """A term that runs and ends soon, and one whose time has come."""
    month = Period.of(today())
    for last in (month + 1, month + -1):
        decision = ReliefDecision(
            employer_id=create_employer(stage=Stage.CONTRIBUTING).id,
            kind=ReliefKind.DEFERMENT,
            from_month=month + -5,
            to_month=last,
            state=ReliefState.RUNNING if last < month else ReliefState.APPROVED,
        )
        db.session.add(decision)


def _file_is_late() -> None:
    late = samples.expected_file(create_branch())
    month = Period.of(today()) + -2
    db.session.execute(
        update(ImportExpectation).where(ImportExpectation.id == late).values(since=month.first_day)
    )


def _launched() -> int:
    return ready_campaign(2, state="running").id


#: what a job is given to do, by its function's full name; those that need ids return them
SCENES: dict[str, Callable[[], Any]] = {
    "app.attachments.jobs.discard": lambda: (HASH,),
    "app.attachments.jobs.sweep": create_employer,
    "app.contributions.reminding.jobs.every_morning": _behind,
    "app.core.list_run_jobs.carry_on": lambda: (samples.run(create_branch()),),
    "app.core.list_run_jobs.sweep_exports": lambda: samples.run(create_branch()),
    "app.core.list_run_jobs.sweep_runs": lambda: samples.run(create_branch()),
    "app.employers.areas.jobs.place_by_name": lambda: create_employer(area="滨河街道"),
    "app.employers.merging.jobs.look_for_duplicates": _twins,
    "app.employers.doubles.jobs.look_for_doubles": _recorded_twice,
    "app.employers.profile.jobs.refresh_quality": _unscored,
    "app.employers.search.jobs.complete_search": _unindexed,
    "app.imports.expected.jobs.ask_for_missing_files": _file_is_late,
    "app.imports.jobs.discard_file": lambda: (HASH,),
    "app.imports.jobs.run_batch": _received,
    "app.imports.jobs.sweep_batches": lambda: _received()[0],
    "app.lifecycle.onboarding.jobs.watch_openings": _stuck,
    "app.personal.jobs.carry_out": lambda: (next(iter(current_features().retention)),),
    "app.personal.jobs.every_night": create_employer,
    "app.leads.eligibility.jobs.judge_all": _branches,
    "app.leads.ledger.jobs.put_in_order": _out_of_order,
    "app.lifecycle.jobs.help_to_close": lambda: create_employer(
        stage=Stage.CONTRIBUTING, operating_status="04"
    ),
    "app.relief.jobs.every_morning": _granted,
    "app.leads.pool.jobs.mind_idle_leads": _lying,
    "campaigns.ledger.jobs.ask_gateway": lambda: ("simulator",),
    "campaigns.ledger.jobs.dispatch": lambda: (_launched(), 0),
    "campaigns.ledger.jobs.plan_campaign": lambda: (_launched(),),
    "campaigns.ledger.jobs.sweep": _launched,
}


def _jobs() -> dict[str, Callable[..., None]]:
    """The house's own jobs by full name, once the application has loaded its features."""
    named = {f"{job.__module__}.{job.__qualname__}": job for job in known_jobs()}
    return {name: job for name, job in named.items() if not name.startswith("tests")}


def _everything() -> dict[str, list[dict[str, Any]]]:
    """All rows of all tables, without what only says who touched them last."""
    db.session.rollback()
    found = {}
    for table in db.metadata.sorted_tables:
        unsaid = TOUCHED | {"id"} if table.name in ANEW else TOUCHED
        kept = [column for column in table.c if column.name not in unsaid]
        rows = db.session.execute(select(*kept).order_by(*table.primary_key)).mappings()
        found[table.name] = [dict(row) for row in rows]
    return found


def test_every_job_has_a_scene(app: Flask) -> None:
    assert set(_jobs()) == set(SCENES)


@pytest.mark.parametrize("name", SCENES)
def test_a_job_that_runs_twice_leaves_what_it_left_the_first_time(app: Flask, name: str) -> None:
    given = SCENES[name]()
    ids = given if isinstance(given, tuple) else ()
    db.session.commit()
    left = []
    for _run in range(2):
        with run_inline():
            _jobs()[name](*ids)
        left.append(_everything())
    assert left[0] == left[1]
