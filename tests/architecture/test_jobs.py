"""Every job of the house does its work once: its first run does something, its second finds nothing left."""

import io
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, select, update

from app.attachments.models import Attachment
from app.config import current_settings
from app.contributions.adjustment.models import AdjustmentDrive
from app.contributions.arrears.models import ArrearsCase
from app.contributions.models import ContributionFact
from app.core.clock import now, today
from app.core.db import db
from app.core.files.kept import keep
from app.core.jobs import known_jobs, run_inline
from app.core.listing.run_jobs import RESULT_DAYS
from app.core.listing.runs import ListRun, RunKind, RunState, exports_folder
from app.core.options import set_value
from app.core.periods import Period
from app.core.permissions import Role
from app.employers.areas.models import Area
from app.employers.models import AccountStatus, Employer, EmployerContact, Stage
from app.employers.search.models import SearchDocument
from app.imports import queries, services
from app.imports.expected.models import ImportExpectation
from app.imports.models import ImportBatch
from app.leads.ledger.models import Lead
from app.leads.pool.services import mind_idle
from app.outreach.events.models import OutreachEvent
from app.relief.models import ReliefDecision, ReliefKind, ReliefState
from app.tasks.models import Task
from campaigns.channels.letter.issued.models import Letter, LetterState
from campaigns.drafting.models import CampaignStep, StepCondition, StepKind
from campaigns.ledger.models import Message, MessageState
from campaigns.ledger.printing import services as printing
from campaigns.ledger.services import controlling
from campaigns.ledger.trials.models import Trial
from campaigns.recurring.policy import HOUR
from tests.architecture import samples
from tests.campaigns.letters import posting
from tests.campaigns.sending import approve, plan, planned_campaign, ready_campaign
from tests.factories import (
    create_branch,
    create_contact,
    create_employer,
    create_escalation,
    create_user,
    seed_eligibility_rules,
)

#: what is kept outside the database, in folders of the instance
FOLDERS = ("files", "previews", "imports", "exports")
#: when a row was last touched, and by whom, says nothing about what was done
TOUCHED = {"updated_at", "lease_until", "worker"}
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
#: tables that are written anew each time: their ids say nothing either
ANEW = {"employer_match_keys"}


def _paid_since() -> None:
    """Escalated, and its case is over without anybody having noticed."""
    escalated = create_escalation(create_employer(), create_user())
    db.session.get_one(ArrearsCase, escalated.matter_id).closed_on = today()


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


def _named_by_its_street() -> None:
    street = db.session.get_one(Area, samples.area(create_branch()))
    create_employer(area=street.name)


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


def _hangs_nowhere() -> tuple[str]:
    """A kept content that was taken off its record."""
    made = db.session.get_one(Attachment, samples.attachment(create_branch()))
    sha256 = made.sha256
    db.session.delete(made)
    return (sha256,)


def _record_is_gone() -> tuple[str]:
    """A file of long ago, on a record that exists no more; the rule that forgets it."""
    made = db.session.get_one(Attachment, samples.attachment(create_branch()))
    made.record_id, made.created_at = 0, LONG_AGO
    return ("orphans",)


def _kept_for_no_import() -> tuple[str]:
    return (keep(queries.folder(), io.BytesIO(b"x"), lambda _path: None),)


def _left_alone() -> None:
    """A bulk action whose worker is gone."""
    run = samples.run(create_branch())
    db.session.execute(update(ListRun).where(ListRun.id == run).values(updated_at=LONG_AGO))


def _exported_long_ago() -> None:
    """A file that nobody fetched, one that no export knows, and the result of a bulk action."""
    for kind in (RunKind.EXPORT, RunKind.BULK):
        run = db.session.get_one(ListRun, samples.run(create_branch()))
        run.kind, run.state, run.finished_at = kind, RunState.DONE, now() - timedelta(days=RESULT_DAYS - 1)
    run.finished_at = LONG_AGO
    exports_folder().mkdir(exist_ok=True)
    for number in (1, 2, 3):
        (exports_folder() / f"{number}.xlsx").touch()


def _forsaken_batch() -> None:
    (batch,) = _received()
    db.session.execute(update(ImportBatch).where(ImportBatch.id == batch).values(updated_at=LONG_AGO))


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
    campaign = ready_campaign(2)
    controlling.launch(campaign.id, None)
    return campaign.id


def _asked_in_vain() -> tuple[str]:
    """Two hand-overs without an answer; the gateway is away, so that it is to be asked again later."""
    campaign = planned_campaign(2)
    values = {"state": MessageState.UNKNOWN, "gateway": "simulator", "due_at": now()}
    db.session.execute(update(Message).where(Message.campaign_id == campaign.id).values(values))
    return ("simulator",)


def _all_answered() -> tuple[str]:
    """Nothing is open any more in a campaign, which nobody has noticed."""
    campaign = planned_campaign(2)
    values = {"state": MessageState.DELIVERED, "gateway": "simulator", "submitted_at": now()}
    db.session.execute(update(Message).where(Message.campaign_id == campaign.id).values(values))
    return ("simulator",)


def _ruled() -> int:
    """A rule of which it is one employer's turn, at any hour of the day."""
    set_value(HOUR, 0)
    branch = create_branch()
    contact = create_contact(create_employer(branch), mobile="13812345678")
    ours = update(EmployerContact).where(EmployerContact.contact_id == contact.id)
    db.session.execute(ours.values(since=today()))
    return samples.campaign_rule(branch)


def _tried(state: MessageState = MessageState.PLANNED) -> None:
    """A test send to a colleague."""
    campaign = ready_campaign(1)
    db.session.add(
        Trial(
            campaign_id=campaign.id,
            reader_id=campaign.created_by_id,
            sent_by_id=campaign.created_by_id,
            phone="13812345678",
            text="【样例】好",
            segments=1,
            gateway="simulator",
            state=state,
            created_at=now() - timedelta(hours=1),
            due_at=now() - timedelta(minutes=1),
        )
    )


def _tried_in_vain() -> tuple[str]:
    _tried(MessageState.UNKNOWN)
    return ("simulator",)


def _unsubmitted() -> None:
    """An open year that lists nobody yet, and ends today."""
    create_employer(stage=Stage.CONTRIBUTING)
    db.session.add(AdjustmentDrive(year=today().year, opens_on=today(), closes_on=today()))


def _never_confirmed() -> None:
    """Posted long ago, and the post never said a word."""
    posting.made(1)
    posted = {"state": LetterState.POSTED, "posted_on": LONG_AGO.date()}
    db.session.execute(update(Letter).values(posted))


def _unbound() -> tuple[int]:
    """A print batch without its document."""
    return (printing.form(posting.made())[0],)


def _in_vain(kind: StepKind = StepKind.VISIT) -> int:
    """A campaign whose messages failed, with a step that is due."""
    campaign = ready_campaign(2)
    step = CampaignStep(position=1, kind=kind, condition=StepCondition.UNDELIVERED, wait_days=0)
    campaign.follow_steps.append(step)
    approve(campaign)
    controlling.launch(campaign.id, None)
    plan(campaign)
    values = {"state": MessageState.FAILED, "settled_at": now()}
    db.session.execute(update(Message).where(Message.campaign_id == campaign.id).values(values))
    return campaign.id


def _letter_due() -> tuple[int, int]:
    """Of a letter step; its outline is none, which is noted."""
    campaign_id = _in_vain(StepKind.LETTER)
    step = db.session.scalars(select(CampaignStep.id).where(CampaignStep.campaign_id == campaign_id)).one()
    employer = select(Message.employer_id).where(Message.campaign_id == campaign_id).limit(1)
    return step, db.session.scalars(employer).one()


def _over_since_yesterday() -> None:
    event = db.session.get_one(OutreachEvent, samples.outreach_event(create_branch()))
    event.starts_at = event.ends_at = now() - timedelta(days=1)
    db.session.flush()


#: what a job is given to do, by its function's full name; those that need ids return them
SCENES: dict[str, Callable[[], Any]] = {
    "app.attachments.jobs.discard": _hangs_nowhere,
    "app.attachments.jobs.sweep": lambda: _hangs_nowhere()[0],
    "app.contributions.reminding.jobs.every_morning": _behind,
    "app.contributions.adjustment.jobs.keep_up": _unsubmitted,
    "app.core.listing.run_jobs.carry_on": lambda: (samples.run(create_branch()),),
    "app.core.listing.run_jobs.sweep_exports": _exported_long_ago,
    "app.core.listing.run_jobs.sweep_runs": _left_alone,
    "app.employers.areas.jobs.place_by_name": _named_by_its_street,
    "app.employers.merging.jobs.look_for_duplicates": _twins,
    "app.employers.doubles.jobs.look_for_doubles": _recorded_twice,
    "app.employers.profile.jobs.refresh_quality": _unscored,
    "app.employers.search.jobs.complete_search": _unindexed,
    "app.imports.expected.jobs.ask_for_missing_files": _file_is_late,
    "app.imports.jobs.discard_file": _kept_for_no_import,
    "app.imports.jobs.run_batch": _received,
    "app.imports.jobs.sweep_batches": _forsaken_batch,
    "app.lifecycle.onboarding.jobs.watch_openings": _stuck,
    "app.lifecycle.escalation.jobs.mind_escalations": _paid_since,
    "app.personal.jobs.carry_out": _record_is_gone,
    "app.personal.jobs.every_night": lambda: _record_is_gone()[0],
    "app.leads.eligibility.jobs.judge_all": _branches,
    "app.leads.ledger.jobs.put_in_order": _out_of_order,
    "app.lifecycle.closing.jobs.help_to_close": lambda: create_employer(
        stage=Stage.CONTRIBUTING, operating_status="04"
    ),
    "app.outreach.events.jobs.ask_for_attendance": _over_since_yesterday,
    "app.relief.jobs.every_morning": _granted,
    "app.leads.pool.jobs.mind_idle_leads": _lying,
    "campaigns.recurring.jobs.look": _ruled,
    "campaigns.recurring.jobs.run_rule": lambda: (_ruled(),),
    "campaigns.recurring.jobs.run_at_once": lambda: (_ruled(),),
    "app.tasks.daily.jobs.mark_gaps": lambda: create_user(
        Role.SPECIALIST, created_at=now() - timedelta(days=30)
    ),
    "campaigns.following.jobs.follow_all": _in_vain,
    "campaigns.following.jobs.follow_campaign": lambda: (_in_vain(),),
    "campaigns.following.jobs.send_letter": _letter_due,
    "campaigns.ledger.jobs.ask_gateway": _asked_in_vain,
    "campaigns.ledger.jobs.dispatch": lambda: (planned_campaign(2).id, 0),
    "campaigns.ledger.jobs.fetch": _all_answered,
    "campaigns.ledger.jobs.fetch_all": lambda: _all_answered()[0],
    "campaigns.ledger.jobs.plan_campaign": lambda: (_launched(),),
    "campaigns.ledger.trials.jobs.ask": _tried_in_vain,
    "campaigns.ledger.trials.jobs.hand_over": _tried,
    "campaigns.ledger.trials.jobs.sweep": lambda: _tried(MessageState.CLAIMED),
    "campaigns.ledger.letters.jobs.give_up": _never_confirmed,
    "campaigns.ledger.letters.jobs.make": lambda: (posting.planned(), 0),
    "campaigns.ledger.letters.jobs.sweep_letters": lambda: posting.planned() and None,
    "campaigns.ledger.printing.jobs.bind": _unbound,
    "campaigns.ledger.printing.jobs.form": lambda: (posting.made(),),
    "campaigns.ledger.jobs.sweep": lambda: planned_campaign(2).id,
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
        told = [column for column in table.c if column.name not in unsaid]
        rows = db.session.execute(select(*told).order_by(*table.primary_key)).mappings()
        found[table.name] = [dict(row) for row in rows]
    home = current_settings().home
    kept = sorted(path for folder in FOLDERS for path in (home / folder).rglob("*") if path.is_file())
    return found | {"files": [{"path": str(path)} for path in kept]}


def test_every_job_has_a_scene(app: Flask) -> None:
    assert set(_jobs()) == set(SCENES)


@pytest.mark.parametrize("name", SCENES)
def test_a_job_works_in_its_first_run_and_leaves_all_of_it_alone_in_its_second(app: Flask, name: str) -> None:
    given = SCENES[name]()
    ids = given if isinstance(given, tuple) else ()
    db.session.commit()
    left = [_everything()]
    for _run in range(2):
        with run_inline():
            _jobs()[name](*ids)
        left.append(_everything())
    assert left[0] != left[1], "the scene gives the job nothing to do"
    assert left[1] == left[2]
