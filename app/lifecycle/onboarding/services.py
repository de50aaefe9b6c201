"""Writing down how an employer is taken on, and asking after what is stuck."""

from collections.abc import Collection, Mapping
from datetime import date, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.accounts.models import User
from app.core import signals, timeline
from app.core.clock import now, today
from app.core.code_tables import codes, label
from app.core.db import db
from app.core.errors import Conflict, DomainError
from app.core.language.i18n import msgid, msgid_of
from app.core.options import Option
from app.core.permissions import Actor
from app.core.rules.workdays import add_working_days
from app.core.workflow.acts import demand
from app.core.workflow.engine import Move, Reason, Workflow, transition
from app.employers.models import Employer, Stage
from app.employers.services import assign
from app.lifecycle.onboarding import queries
from app.lifecycle.onboarding.models import (
    SIGNING_LABELS,
    SIGNING_TABLES,
    BundleStep,
    DocumentCheck,
    Opening,
    OpeningState,
    SigningEvent,
    SigningKind,
)
from app.lifecycle.onboarding.policy import BEFORE_ACCOUNT, DEFERRAL, RECORD_DAYS, REMIND_BEFORE
from app.lifecycle.onboarding.workflow import OPENING, PAPERS
from app.lifecycle.papers.models import CheckResult
from app.lifecycle.papers.policy import Finding, outstanding
from app.lifecycle.papers.services import note_findings
from app.lifecycle.workflow import LIFECYCLE
from app.tasks import services as tasks
from app.tasks.models import Task, TaskState

KIND = "onboarding"
PAPER, REMIND, STUCK, ASK_AGAIN = "deferred_paper", "paper_reminder", "stuck", "ask_signing"
RECORD = "record_opening"
BUNDLE = "bundle_item"

BEGUN = msgid("Account opening begun")
CHECKED = msgid("Papers checked: %(complete)s of %(all)s complete")
FOLLOWS = msgid("Paper to follow: %(paper)s")
REMIND_OF = msgid("Remind the employer of the papers to follow by %(day)s: %(papers)s")
RECORD_IT = msgid("Record the account opening: its papers are approved")
SIGNING = msgid("Online signing: %(what)s · %(how)s")
ACCOUNTS_SET_UP = msgid("Employee accounts set up")
EMPLOYEE_ADDED = msgid("First employee added")
ASK_TO_SIGN = msgid("Ask again about online signing")

#: title of the task, by the step that is stuck
STUCK_AT = {
    "registration": msgid("Account opening is stuck: help with the registration"),
    "accounts": msgid("Account opening is stuck: employee accounts are not set up"),
    "signing": msgid("Account opening is stuck: not signed up online"),
    "contribution": msgid("Account opening is stuck: no first contribution"),
    "employee": msgid("Account opening is stuck: no employee added yet"),
}
#: after a refusal the employer's wish is respected for a while (domain reference, row 53)
ASK_AFTER = Option(
    "onboarding.ask_again_days", _l("Ask again about online signing after"), usual=30, low=5, high=365,
    unit=_l("days"),
)  # fmt: skip

#: a task that somebody closed although the employer is still stuck
REPEAT_AFTER = Option(
    "onboarding.repeat_days",
    _l("Ask again after what is still stuck after"),
    usual=30,
    low=1,
    high=365,
    unit=_l("days"),
)


def begin(employer: Employer, actor: Actor) -> Opening:
    """Opens the file of an account opening. Conflict when one stands already."""
    if employer.stage not in {Stage.PROSPECT, Stage.ENGAGED}:
        raise DomainError(_l("Its account is open already: there is nothing to prepare."))
    if not employer.eligible:
        raise DomainError(_l("It is marked as not obliged to contribute."))
    latest = queries.latest_opening(employer.id)
    if latest is not None and latest.state is OpeningState.APPROVED:
        raise Conflict(_l("Its papers are approved already: record the account opening."))
    _give_owner(employer, actor)
    opening = Opening(employer_id=employer.id, begun_on=today(), begun_by_id=actor.id)
    try:
        with db.session.begin_nested():
            db.session.add(opening)
    except IntegrityError:
        raise Conflict(_l("Somebody has begun this account opening already. Reload the page.")) from None
    timeline.record(
        employer.id, KIND, BEGUN, params={}, actor=actor, endpoint="onboarding.show", link_id=opening.id
    )
    return opening


def _give_owner(employer: Employer, actor: Actor) -> None:
    """One specialist goes all the way with the employer: its owner, or else who begins."""
    if employer.owner is not None:
        return
    if employer.branch_id != actor.branch_id:
        raise DomainError(_l("It has no owner: assign one of its branch, who goes all the way with it."))
    assign(employer, db.session.get_one(User, actor.id), employer.backup_owner, actor)


def check_papers(opening: Opening, findings: Mapping[str, Finding], actor: Actor) -> int:
    """Writes down what was found of the papers, by code; gives how many are new or changed.

    Refuses all with every reason, or takes all.
    """
    demand(opening, "check_papers", actor)
    known = queries.checks_of(opening)

    def new(code: str) -> DocumentCheck:
        opening.checks.append(DocumentCheck(opening_id=opening.id, code=code))
        return opening.checks[-1]

    changed = note_findings(PAPERS, PAPERS.asked(), known, findings, new, actor, deferral=DEFERRAL.value())
    db.session.flush()
    if changed:
        complete = sum(check.result is CheckResult.COMPLETE for check in opening.checks)
        params = {"complete": complete, "all": len(PAPERS.asked())}
        timeline.record(
            opening.employer_id, KIND, CHECKED, params=params, actor=actor, endpoint="onboarding.show",
            link_id=opening.id,
        )  # fmt: skip
        _follow_up(opening, actor)
    return len(changed)


def _follow_up(opening: Opening, actor: Actor | None) -> None:
    """Each paper that is to follow is a task while the opening waits for it, and only then."""
    employer = db.session.get_one(Employer, opening.employer_id)
    awaited = opening.state is OpeningState.DEFERRED
    for check in opening.checks:
        open_ = awaited and check.result is not CheckResult.COMPLETE and check.due_on is not None
        task = _task_of(check)
        if open_ and check.due_on is not None:
            params = {"paper": label(PAPERS.table, check.code)}
            source = ("document_check", check.id)
            task = tasks.open_task(
                PAPER, FOLLOWS, check.due_on, employer=employer, params=params, source=source, actor=actor,
                again=True,
            )  # fmt: skip
            task.due_on = check.due_on
        elif task is not None:
            tasks.complete(task, None)
    days = {due_on.isoformat() for due_on in awaited_days(opening)}
    reminder = _open_task_of(REMIND, OPENING.name, opening.id)
    if reminder is not None and reminder.params["day"] not in days:
        tasks.complete(reminder, None)


def awaited_days(opening: Opening) -> dict[date, list[str]]:
    """The days by which papers of an opening are to follow, the first one first, with their codes."""
    found: dict[date, list[str]] = {}
    if opening.state is OpeningState.DEFERRED:
        for check in sorted(opening.checks, key=lambda one: (one.due_on or date.max, one.code)):
            if check.result is not CheckResult.COMPLETE and check.due_on is not None:
                found.setdefault(check.due_on, []).append(check.code)
    return found


def _task_of(check: DocumentCheck) -> Task | None:
    return _open_task_of(PAPER, "document_check", check.id)


def _open_task_of(kind: str, source_type: str, source_id: int) -> Task | None:
    query = select(Task).where(
        Task.kind == kind, Task.source_type == source_type, Task.source_id == source_id,
        Task.state == TaskState.OPEN,
    )  # fmt: skip
    return db.session.scalars(query).one_or_none()


def remind_of_papers() -> int:
    """Asks owners to remind employers some days before papers fall due, once for each day of an opening.

    Gives how many tasks were opened.
    """
    asked = select(Task).where(Task.kind == REMIND, Task.source_type == OPENING.name)
    known = {(task.source_id, task.params["day"], task.state) for task in db.session.scalars(asked)}
    told, waiting = {one[:2] for one in known}, {one[0] for one in known if one[2] is TaskState.OPEN}
    latest, made = today() + timedelta(days=REMIND_BEFORE.value()), 0
    for opening in queries.deferred():
        soon = {day: papers for day, papers in awaited_days(opening).items() if today() < day <= latest}
        new = [day for day in soon if (opening.id, day.isoformat()) not in told]
        if new and opening.id not in waiting:
            _ask_to_remind(opening, new[0], soon[new[0]])
            made += 1
    return made


def _ask_to_remind(opening: Opening, day: date, papers: Collection[str]) -> None:
    tasks.open_task(
        REMIND, REMIND_OF, min(add_working_days(today(), 0, provisional=True), day),
        employer=opening.employer, params={"day": day.isoformat(), "papers": PAPERS.names(papers)},
        source=(OPENING.name, opening.id), again=True,
    )  # fmt: skip


@signals.after_transition.connect
def _follow_opening(workflow: Workflow[Any], record: Any, move: Move | None = None, **_more: Any) -> None:
    if workflow is OPENING and move is not None:
        _follow_up(record, move.actor)
        if record.state is OpeningState.APPROVED:
            due_on = add_working_days(today(), RECORD_DAYS.value(), provisional=True)
            source = (OPENING.name, record.id)
            tasks.open_task(RECORD, RECORD_IT, due_on, employer=record.employer, source=source)


@signals.after_transition.connect
def _settle_recording(workflow: Workflow[Any], record: Any, move: Move | None = None, **_more: Any) -> None:
    if workflow is LIFECYCLE and move is not None and Stage(move.target) not in BEFORE_ACCOUNT:
        _close([RECORD], record.id)


def papers_approved(employer: Employer, _actor: Actor | None) -> Reason | None:
    """A guard of the registration: it takes papers that were checked, and the approval of somebody else.

    A statement that shows the account is evidence of its own, and asks for none.
    """
    opening = queries.latest_opening(employer.id)
    if opening is None:
        return _l("No account opening was begun: begin one, so that its papers are checked and approved.")
    if opening.state is OpeningState.APPROVED:
        return None
    return _l("The papers of its account opening are not approved yet.")


#: as many characters of papers as one message or letter says; the notice on paper names all
LONGEST_LIST = 190


def papers_to_send(opening: Opening) -> dict[str, str]:
    """The papers that are still to come, each with its day where it has one, as messages say them."""
    checks = queries.checks_of(opening)
    left = [code for group in outstanding(PAPERS.groups(), checks) for code in group.codes]
    if not left or not opening.standing:
        raise DomainError(_l("No papers are outstanding: there is nothing to send."))
    named = [_with_day(PAPERS.names([code]), checks.get(code)) for code in left]
    said = "；".join(named)
    while len(said) > LONGEST_LIST and len(named) > 1:
        named.pop()
        said = "；".join(named) + f"；等共{len(left)}项"
    return {"papers": said[:LONGEST_LIST]}


def _with_day(paper: str, check: DocumentCheck | None) -> str:
    # texts to employers are Chinese whatever language the officer reads
    day = check.due_on if check else None
    return f"{paper}（{day.month}月{day.day}日前）" if day else paper


def tick_bundle(opening: Opening, done: Mapping[str, date], actor: Actor) -> None:
    """What other agencies have done by now; what is not named any more is taken off."""
    demand(opening, "tick_bundle", actor)
    if any(day > today() for day in done.values()):
        raise DomainError(_l("The day lies in the future."))
    known = queries.bundle_of(opening.id)
    for code, step in known.items():
        if code not in done:
            db.session.delete(step)
    for code, day in done.items():
        if code in known:
            known[code].done_on = day
        elif code in codes(BUNDLE):
            db.session.add(BundleStep(opening_id=opening.id, code=code, done_on=day, by_id=actor.id))
    db.session.flush()


# Milestones and online signing --------------------------------------------------------------------


def record_milestones(
    employer: Employer, accounts_on: date | None, employee_on: date | None, actor: Actor
) -> int:
    """The two milestones that nobody else tells of; gives how many are new."""
    told = 0
    for name, day, summary in (
        ("employee_accounts_on", accounts_on, ACCOUNTS_SET_UP),
        ("first_employee_added_on", employee_on, EMPLOYEE_ADDED),
    ):
        if day is None or getattr(employer, name) == day:
            continue
        if employer.account_opened_on is None:
            raise DomainError(_l("Its account is not open yet: record the opening first."))
        if not employer.account_opened_on <= day <= today():
            raise DomainError(
                _l(
                    "A milestone lies between the opening on %(day)s and today.",
                    day=employer.account_opened_on.isoformat(),
                )
            )
        setattr(employer, name, day)
        timeline.record(employer.id, KIND, summary, params={"comment": day.isoformat()}, actor=actor)
        told += 1
    db.session.flush()
    return told


def record_signing(
    employer: Employer, kind: SigningKind, on: date, code: str, note: str, actor: Actor
) -> SigningEvent:
    """Signed, refused or helped, and how or why.

    Signing moves the employer on; after a refusal somebody asks again later.
    """
    known = codes(SIGNING_TABLES[kind]).get(code)
    if known is None or not known.valid_on(today()):
        raise DomainError(_l("Say how, or why."))
    if on > today():
        raise DomainError(_l("The day lies in the future."))
    if kind is SigningKind.SIGNED:
        return _sign(employer, on, code, note, actor)
    event = _note(employer, kind, on, code, note, actor)
    if kind is SigningKind.REFUSED:
        due_on = add_working_days(on + timedelta(days=ASK_AFTER.value()), 0, provisional=True)
        tasks.open_task(
            ASK_AGAIN, ASK_TO_SIGN, max(due_on, today()), employer=employer, note=event.note,
            source=("signing_event", event.id), actor=actor,
        )  # fmt: skip
    return event


def _note(
    employer: Employer, kind: SigningKind, on: date, code: str, note: str, actor: Actor
) -> SigningEvent:
    event = SigningEvent(
        employer_id=employer.id, kind=kind, day=on, code=code, note=note.strip(), by_id=actor.id
    )
    db.session.add(event)
    employer.last_contact_on = max(on, employer.last_contact_on or on)
    db.session.flush()
    params = {
        "what": {"msgid": msgid_of(SIGNING_LABELS[kind])},
        "how": {"code_table": SIGNING_TABLES[kind], "code": code},
    }
    timeline.record(employer.id, KIND, SIGNING, params={**params, "comment": event.note}, actor=actor)
    return event


def _sign(employer: Employer, on: date, code: str, note: str, actor: Actor) -> SigningEvent:
    if employer.account_opened_on is None:
        raise DomainError(_l("Its account is not open yet: record the opening first."))
    if employer.online_signed_on is not None:
        raise Conflict(
            _l("It has signed up online on %(day)s already.", day=employer.online_signed_on.isoformat())
        )
    if on < employer.account_opened_on:
        raise DomainError(_l("It cannot sign before its account was opened."))
    if employer.stage is Stage.REGISTERED:
        answers = {"online_signed_on": on, "signing_method": code}
        transition(LIFECYCLE, employer, "enrol", actor, comment=note, answers=answers)
        return queries.signing_of(employer.id, limit=1)[0]
    employer.online_signed_on = on
    _close([ASK_AGAIN], employer.id)
    return _note(employer, SigningKind.SIGNED, on, code, note, actor)


@signals.after_transition.connect
def _keep_signing(workflow: Workflow[Any], record: Any, move: Move | None = None, **_more: Any) -> None:
    """However the step of signing is taken, its day and method stand in the log."""
    if workflow is LIFECYCLE and move is not None and move.actor and "signing_method" in move.answers:
        on, code = move.answers["online_signed_on"], str(move.answers["signing_method"])
        _note(record, SigningKind.SIGNED, on, code, move.comment, move.actor)
        _close([ASK_AGAIN], record.id)


# What is stuck ------------------------------------------------------------------------------------


def watch() -> int:
    """Opens a task for each step that an employer is stuck at, and settles those of steps it has left.

    One that somebody closed is opened again only after a while (REPEAT_AFTER). Gives how many were opened.
    """
    for employer_id in queries.opened_since(RECORD):  # a statement moves many at once
        _close([RECORD], employer_id)
    cards = queries.waiting(None)
    stuck = {(f"{KIND}.{card.place.step.name}", card.employer.id): card for card in cards if card.place.stuck}
    quiet = _asked_lately(stuck)
    due_on = add_working_days(today(), 2, provisional=True)
    new = [source for source in stuck if source not in quiet]
    for source in new:
        card = stuck[source]
        title = STUCK_AT[card.place.step.name]
        tasks.open_task(STUCK, title, due_on, employer=card.employer, source=source, again=True)
    db.session.flush()
    return len(new)


def _asked_lately(stuck: Collection[tuple[str, int]]) -> set[tuple[str | None, int | None]]:
    """What needs no new task; the open tasks of what is stuck no longer are settled on the way."""
    rested, moment = now() - timedelta(days=REPEAT_AFTER.value()), now()
    quiet = set()
    for task in db.session.scalars(
        select(Task).where(Task.kind == STUCK, Task.source_type.like(f"{KIND}.%"))
    ):
        source = (task.source_type, task.source_id)
        if source not in stuck and task.state is TaskState.OPEN:
            task.state, task.closed_at = TaskState.DONE, moment
        if task.closed_at is None or task.closed_at > rested:
            quiet.add(source)
    return quiet


def _close(kinds: list[str], employer_id: int) -> None:
    query = select(Task).where(
        Task.kind.in_(kinds), Task.employer_id == employer_id, Task.state == TaskState.OPEN
    )
    for task in db.session.scalars(query):
        tasks.complete(task, None)
