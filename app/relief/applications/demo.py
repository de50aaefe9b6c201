"""Relief in the synthetic department: applications and decisions in every state, made by the real steps."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from app.accounts.models import User, UserRole
from app.attachments.demo import hang, paper
from app.core import signals
from app.core.clock import now
from app.core.db import db
from app.core.demo import Demo
from app.core.permissions import Role
from app.core.workflow.engine import transition
from app.employers.models import Employer, Stage
from app.lifecycle.workflow import LIFECYCLE
from app.relief.applications.models import DOCUMENTS, Request, VoteBody
from app.relief.applications.services import Draft, enter
from app.relief.applications.workflow import APPLICATION
from app.relief.making_up.services import plan_instalments
from app.relief.models import InstalmentState, ReliefDecision, ReliefInstalment, ReliefKind, ReliefPlan
from app.relief.policy import equal_parts, marks_of, present_base
from app.relief.services import keep_clocks
from app.relief.workflow import RELIEF_TERM

HARDSHIP = (
    "受市场需求下滑影响，连续两年亏损，流动资金紧张，现有资金优先保障职工工资发放。",
    "主要客户回款周期延长，上年度审计报告显示净亏损，申请阶段性支持。",
    "停工检修三个月，收入大幅减少，待恢复生产后补缴缓缴部分。",
)
LOW = Decimal("0.05")
#: what was asked for, and the steps that each application has taken
APPLICATIONS: tuple[tuple[Request, tuple[str, ...]], ...] = (
    (Request.DEFERMENT, ()),
    (Request.RATE_CUT, ("submit",)),
    (Request.DEFERMENT, ("submit",)),
    (Request.BOTH, ("submit", "return")),
    (Request.DEFERMENT, ("submit", "review")),
    (Request.RATE_CUT, ("submit", "review", "approve")),
    (Request.RATE_CUT, ("submit", "review", "approve")),
    (Request.DEFERMENT, ("submit", "refuse")),
    (Request.RATE_CUT, ("withdraw",)),
)
#: decisions of two years ago, as a list has brought them
PAST = 18


def load(demo: Demo) -> None:
    """Nobody's stage is another afterwards, but that of who has come to the end of making up."""
    leaders = _leaders()
    contributing = _employers(Stage.CONTRIBUTING)
    payers = [one for one in contributing if one.heads and one.heads < 400 and one.employer_rate != LOW]
    spread = iter(payers[5::9])
    _load_past(demo, payers)
    for number, (request, steps) in enumerate(APPLICATIONS, 1):
        _apply(demo, next(spread), request, steps, leaders, number)
    _load_running(demo, _employers(Stage.ON_RELIEF))
    _load_cuts(demo, spread)
    _load_making_up(demo, next(spread), leaders[0])
    _load_behind(demo, leaders[0])
    keep_clocks(demo.today)
    _follow()


def _follow() -> None:
    """What the statements say, now that the terms are known: a deferment that is over counts again."""
    known = db.session.scalars(select(ReliefDecision.employer_id).distinct())
    signals.terms_changed.send("relief", employer_ids=sorted(known))
    for employer in _employers(Stage.ON_RELIEF):
        if employer.arrears_months:
            transition(LIFECYCLE, employer, "statement_in_arrears", None)


def _leaders() -> Sequence[User]:
    query = select(User).join(UserRole).where(UserRole.role.in_((Role.MANAGER, Role.BRANCH_HEAD)))
    return db.session.scalars(query.order_by(User.id)).unique().all()[:2]


def _employers(stage: Stage) -> Sequence[Employer]:
    query = select(Employer).where(Employer.stage == stage, Employer.owner_id.is_not(None))
    return db.session.scalars(query.order_by(Employer.id)).all()


def _apply(
    demo: Demo,
    employer: Employer,
    request: Request,
    steps: Sequence[str],
    leaders: Sequence[User],
    number: int,
) -> None:
    maker = employer.owner
    if maker is None or employer.paid_through is None:
        return
    application = enter(employer, _draft(demo, employer, request, complete=bool(steps)), maker)
    hang(application, paper(demo), f"职代会决议{number}.pdf", "职工代表大会决议", maker, now())
    reviewer, decider = leaders
    day = demo.today
    answers: dict[str, dict[str, Any]] = {
        "review": {"reviewed_on": day, "review_no": f"审字〔{day.year}〕{number}号"},
        "return": {"why": "公示证明未加盖公章，请补正。"},
        "withdraw": {"why": "单位资金状况好转，主动撤回。"},
        "approve": _decided(demo, number),
        "refuse": {**_decided(demo, number), "why": "上年度盈利，不符合困难情形。"},
    }
    people = {"submit": maker, "withdraw": maker, "review": reviewer, "return": reviewer}
    for step in steps:
        transition(APPLICATION, application, step, people.get(step, decider), answers=answers.get(step, {}))


def _decided(demo: Demo, number: int) -> dict[str, Any]:
    number_of = f"津公积金缓降〔{demo.today.year}〕{number}号"
    return {"decided_on": demo.today, "document_no": number_of, "authority": "authorised"}


def _draft(demo: Demo, employer: Employer, request: Request, *, complete: bool) -> Draft:
    start = (employer.paid_through or demo.month) + 1
    members = max(10, min(60, employer.heads or 10))
    voted = demo.today - timedelta(days=demo.random.randrange(15, 40))
    cut = request is not Request.DEFERMENT
    vote = {
        "vote_body": VoteBody.CONGRESS if members > 30 else VoteBody.UNION,
        "voted_on": voted,
        "members": members,
        "attended": members - 1,
        "votes_for": members - 3,
        "votes_against": 2,
        "announced_from": voted + timedelta(days=1),
        "announced_to": voted + timedelta(days=7),
    }
    return Draft(
        {
            "request": request,
            "from_month": start,
            "to_month": start + demo.random.choice((2, 5, 11)),
            "heads": employer.heads or 1,
            "base": present_base(employer) or Decimal(5000),
            "employer_rate": LOW if cut else None,
            "employee_rate": LOW if cut else None,
            "reason": demo.random.choice(HARDSHIP),
            "documents": list(DOCUMENTS) if complete else ["form", "handler"],
            **(vote if complete else {}),
        }
    )


def _grant(
    demo: Demo, employer: Employer, first: int, last: int, kind: ReliefKind = ReliefKind.DEFERMENT
) -> ReliefDecision:
    """A decision as a list brings it; `first` and `last` are months from now."""
    begins = demo.month + first
    cut = kind is ReliefKind.RATE_CUT
    decision = ReliefDecision(
        employer=employer,
        kind=kind,
        from_month=begins,
        to_month=demo.month + last,
        employer_rate=LOW if cut else None,
        employee_rate=LOW if cut else None,
        document_no=f"津公积金{'降' if cut else '缓'}〔{begins.year}〕{employer.id}号",
        decided_on=begins.first_day - timedelta(days=9),
    )
    db.session.add(decision)
    db.session.flush()
    return decision


def _load_past(demo: Demo, payers: Sequence[Employer]) -> None:
    for number, employer in enumerate(payers[2::11][:PAST]):
        kind = ReliefKind.RATE_CUT if number % 3 == 2 else ReliefKind.DEFERMENT
        decision = _grant(demo, employer, -30 - number % 5, -24 - number % 5, kind)
        decision.heads, share = employer.heads, Decimal("0.3") if kind is ReliefKind.RATE_CUT else Decimal(1)
        decision.monthly_amount = round((employer.monthly_amount or Decimal(0)) * share, 2)


def _load_running(demo: Demo, deferred: Sequence[Employer]) -> None:
    """Those whose statement shows a deferment: it ends soon, runs on, has ended, or was extended.

    Each was deferred from the month after its last paid one. The statement of this month finds the months of
    the one that has ended unpaid, and so opens its case.
    """
    for employer, last in zip(deferred, (0, 6, -1, -1), strict=False):
        first = (employer.paid_through or demo.month + -6) + 1 - demo.month
        decision = _grant(demo, employer, first, min(last, first + 11))
        transition(RELIEF_TERM, decision, "begin", None)
    if len(deferred) > 3:
        _grant(demo, deferred[3], 0, 5)
    for decision in db.session.scalars(select(ReliefDecision).where(ReliefDecision.monthly_amount.is_(None))):
        decision.heads, decision.monthly_amount = decision.employer.heads, decision.employer.monthly_amount


def _load_cuts(demo: Demo, spread: Iterator[Employer]) -> None:
    for first, last in ((-3, 8), (-10, 1), (-5, 0), (2, 7)):
        _grant(demo, next(spread), first, last, ReliefKind.RATE_CUT)
    leader = _leaders()[0]
    early, restored = (_grant(demo, next(spread), -8, last, ReliefKind.RATE_CUT) for last in (3, -1))
    for decision in (early, restored):
        transition(RELIEF_TERM, decision, "begin", None)
    early.monthly_amount = restored.monthly_amount = Decimal(1800)
    early.heads, restored.heads = early.employer.heads, restored.employer.heads
    answers = {"ended_month": demo.month + -1, "why": "经济效益好转，主动恢复原比例。"}
    transition(RELIEF_TERM, early, "end_early", leader, answers=answers)
    transition(RELIEF_TERM, restored, "expire", None)
    transition(RELIEF_TERM, restored, "restore", leader, answers={"restored_on": demo.today})


def _load_making_up(demo: Demo, employer: Employer, leader: User) -> None:
    """One that has made up everything: its statement shows it as paid through the end of the term."""
    decision = _grant(demo, employer, -8, -5)
    decision.heads, decision.monthly_amount = employer.heads, employer.monthly_amount
    _resume(demo, decision, 2, leader)


def _load_behind(demo: Demo, leader: User) -> None:
    """One that has made up a part and missed an instalment, and one that gave its plan up."""
    behind = [one for one in _employers(Stage.IN_ARREARS) if one.arrears_months >= 4 and one.paid_through]
    for number, employer in enumerate(behind[:2]):
        paid = (employer.paid_through or demo.month) - demo.month
        decision = _grant(demo, employer, paid - 1, paid + 1)
        decision.heads, decision.monthly_amount = employer.heads, employer.monthly_amount
        if number == 0:
            _resume(demo, decision, 3, leader)
            transition(LIFECYCLE, employer, "statement_in_arrears", None)
        else:
            for step in ("begin", "expire", "fall_overdue"):
                transition(RELIEF_TERM, decision, step, None)
            _give_up(demo, decision)


def _give_up(demo: Demo, decision: ReliefDecision) -> None:
    """A plan of two instalments, neither of which came; what follows it is not agreed on yet."""
    agreed, given_up = demo.today - timedelta(days=70), demo.today - timedelta(days=6)
    plan = ReliefPlan(agreed_on=agreed, given_up_on=given_up)
    amounts = equal_parts(decision.amount or Decimal(2000), 2)
    for place, through in enumerate(marks_of(decision, amounts)):
        missed = ReliefInstalment(
            month=decision.last_month + 1 + place, amount=amounts[place], through=through,
            state=InstalmentState.MISSED,
        )  # fmt: skip
        plan.instalments.append(missed)
    decision.plans.append(plan)
    db.session.flush()


def _resume(demo: Demo, decision: ReliefDecision, parts: int, leader: User) -> None:
    for step in ("begin", "expire"):
        transition(RELIEF_TERM, decision, step, None)
    amounts = equal_parts(decision.amount or Decimal(0), parts)
    rows = [(decision.last_month + 1 + place, amount) for place, amount in enumerate(amounts)]
    plan_instalments(decision, rows, leader)
    transition(RELIEF_TERM, decision, "resume", leader, answers={"agreed_on": demo.today})
