"""Escalations of the synthetic department at every step, as far as its visits and talks prove them."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select, update

from app.accounts.models import User, UserRole
from app.core.db import db
from app.core.demo import Demo
from app.core.errors import DomainError
from app.core.permissions import Role
from app.core.rules.workdays import add_working_days
from app.core.timeline import TimelineEntry
from app.core.workflow.engine import WorkflowHistory, transition
from app.employers.models import Employer, Stage
from app.lifecycle.escalation import queries, services
from app.lifecycle.escalation.models import Escalation
from app.lifecycle.escalation.skipping.workflow import SKIP
from app.lifecycle.escalation.workflow import ESCALATION

MOST = 12
REASONS = (
    "多次电话联系，负责人以资金周转为由拖延，未按约定补缴。",
    "已上门宣讲政策，单位明确表示暂不办理。",
    "催缴三次未果，经办人不再接听电话。",
)
GROUNDS = "责令期限届满仍未履行，欠缴事实清楚，证据齐全。"
#: how many of the steps are taken, one escalation after the other; the last number is how long ago it began
PLANS = (1, 0, 2, 3, 5, 4, 6, 2, 1, 3, 5, 0)


def load(demo: Demo) -> None:
    """From employers long in arrears and from firms that have not registered."""
    officers = _holders(Role.ENFORCEMENT_OFFICER)
    heads = _holders(Role.BRANCH_HEAD)
    made = 0
    for employer in _candidates():
        if made == MOST:
            break
        one = _begin(employer, demo, made)
        if one is not None:
            _go_on(one, demo, PLANS[made], officers, heads)
            made += 1
    db.session.flush()


def _candidates() -> Sequence[Employer]:
    behind = (Employer.stage == Stage.IN_ARREARS) & (Employer.arrears_months > 2)
    late = Employer.stage == Stage.ENGAGED
    query = select(Employer).where(behind | late, Employer.owner_id.is_not(None))
    order = (Employer.arrears_months.desc(), Employer.last_contact_on.desc().nulls_last(), Employer.id)
    return db.session.scalars(query.order_by(*order).limit(4 * MOST)).all()


def _holders(role: Role) -> dict[int, User]:
    query = select(User).join(UserRole).where(UserRole.role == role).order_by(User.id.desc())
    return {user.branch_id: user for user in db.session.scalars(query).unique()}


def _begin(employer: Employer, demo: Demo, number: int) -> Escalation | None:
    offers = queries.offers(employer)
    if employer.owner is None or not any(not one.objections for one in offers):
        return None
    one = services.begin(employer, employer.owner, REASONS[number % len(REASONS)])
    begun = demo.today - timedelta(days=(4, 70)[PLANS[number] > 1])
    one.begun_on = begun
    _date(one, begun, demo)
    return one


def _go_on(
    one: Escalation, demo: Demo, steps: int, officers: dict[int, User], heads: dict[int, User]
) -> None:
    """As many steps as planned, and as evidence allows; one of them is passed over with consent."""
    owner = one.employer.owner
    officer, head = officers.get(one.branch_id, owner), heads.get(one.branch_id)
    letter, day = one.begun_on + timedelta(days=12), one.begun_on
    served = add_working_days(letter, 11, provisional=True)
    decision = f"津公积金港决〔2026〕{one.id}号"
    number = f"津公积金港函〔2026〕{20 + one.id}号"
    way = "court" if one.breach.value == "pay" else "penalty"
    plan: tuple[tuple[str, User | None, date, dict[str, Any]], ...] = (
        ("contact", owner, day + timedelta(days=3), {}),
        ("visit", owner, day + timedelta(days=7), {}),
        ("urge", owner, letter, {"letter_no": number, "letter_on": letter, "letter_kept": "单位卷宗第3册"}),
        ("order", officer, served, {"order_no": f"津公积金港责〔2026〕{one.id}号", "order_on": served}),
        (f"propose_{way}", officer, served + timedelta(days=12), {"grounds": GROUNDS}),
        (f"approve_{way}", head, demo.today, {"decision_no": decision, "decided_on": demo.today}),
    )  # fmt: skip
    last = one.begun_on
    try:
        for name, actor, on, answers in plan[:steps]:
            filed = len(one.evidence)
            transition(ESCALATION, one, name, actor, answers=answers)
            last = _proved(one, filed, max(on, last))
            _date(one, last, demo)
            if name == "order" and officer is not None:
                services.pass_on(one, officer, officer)
    except DomainError:
        _ask(one, head)


def _ask(one: Escalation, head: User | None) -> None:
    """Where no visit proves the step, somebody asks to pass it over; every second request is granted."""
    owner = one.employer.owner
    if one.state.value not in ("to_contact", "to_visit") or owner is None:
        return
    skip = services.ask_skip(one, "to_urge", "单位经营地址已关闭，无法上门走访，拟直接发函催告。", owner)
    if one.id % 2 and head is not None and head.id != owner.id:
        transition(SKIP, skip, "grant", head)


def _proved(one: Escalation, filed: int, on: date) -> date:
    """The day of the step that has just filed its evidence: what came later proves nothing of it, unless
    there is nothing else."""
    fresh = one.evidence[filed:]
    proofs = [proof for proof in fresh if proof.kind != "law"]
    day = max(on, min((proof.on for proof in proofs), default=on))
    for proof in fresh:
        if proof.kind == "law":
            proof.on = day
        elif proof.on > day:
            one.evidence.remove(proof)
    return day


def _date(one: Escalation, on: date, demo: Demo) -> None:
    """The last step happened on the day."""
    rows, moment = WorkflowHistory, demo.moment(min(on, demo.today))
    last = select(rows.id).where(rows.workflow == ESCALATION.name, rows.record_id == one.id)
    db.session.execute(
        update(rows)
        .where(rows.id == last.order_by(rows.id.desc()).limit(1).scalar_subquery())
        .values(at=moment)
    )
    told = select(TimelineEntry).where(
        TimelineEntry.employer_id == one.employer_id, TimelineEntry.kind == ESCALATION.kind
    )
    entry = db.session.scalars(told.order_by(TimelineEntry.id.desc()).limit(1)).first()
    if entry is not None:
        entry.at = moment
