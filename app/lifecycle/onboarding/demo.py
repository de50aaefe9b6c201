"""Openings of the synthetic department in every state, and employers at every milestone."""

from collections.abc import Sequence
from datetime import date, timedelta
from random import Random

from sqlalchemy import select

from app.accounts.models import User, UserRole
from app.core.code_tables import codes
from app.core.db import db
from app.core.demo import SEED, Demo
from app.core.permissions import Role
from app.core.workflow.engine import transition
from app.employers.models import Employer, Stage
from app.lifecycle.onboarding.models import Opening, SigningKind
from app.lifecycle.onboarding.policy import BUNDLE
from app.lifecycle.onboarding.services import (
    beginning,
    bundling,
    checking,
    reaching,
    reminding,
    signing_up,
    watching,
)
from app.lifecycle.onboarding.workflow import OPENING, PAPERS
from app.lifecycle.papers.models import CheckResult
from app.lifecycle.papers.policy import Finding

C, MISSING, CORRECT = CheckResult.COMPLETE, CheckResult.MISSING, CheckResult.CORRECTABLE
HOW = "公章不清晰，请重新加盖后提交原件。"
MOST = 14


def load(demo: Demo) -> None:
    """Draws from its own dice: what the other parts make stays the same."""
    dice = Random(SEED)
    engaged = select(Employer).where(
        Employer.stage == Stage.ENGAGED, Employer.owner_id.is_not(None), Employer.eligible
    )
    for number, employer in enumerate(db.session.scalars(engaged.order_by(Employer.id).limit(MOST))):
        _open(employer, number, demo)
    opened = select(Employer).where(
        Employer.account_opened_on >= demo.today - timedelta(days=365), Employer.owner_id.is_not(None)
    )
    for employer in db.session.scalars(opened.order_by(Employer.id)):
        _accompany(employer, demo, dice)
    db.session.flush()
    watching.watch()
    reminding.remind()


def _open(employer: Employer, number: int, demo: Demo) -> None:
    """One of: just begun, papers missing, papers to follow, complete."""
    owner = employer.owner
    assert owner is not None  # noqa: S101 - the query asks for it
    opening = beginning.begin(employer, owner)
    opening.begun_on = demo.today - timedelta(days=2 + 3 * number % 17)
    kind = number % 4
    if kind == 0:
        return
    papers = PAPERS.asked()
    findings = {code: Finding(C) for code in papers}
    if kind == 1:
        findings[papers[0]], findings[papers[1]] = Finding(CORRECT, HOW), Finding(MISSING)
    elif kind == 2:
        day = _soon(demo, number)
        findings |= {code: Finding(MISSING, "", day) for code in papers if PAPERS.may_follow(code)}
    checking.check(opening, findings, owner)
    items = list(codes(BUNDLE))
    bundling.tick(opening, {code: opening.begun_on for code in items[: 1 + number % 3]}, owner)
    if kind == 2:
        transition(OPENING, opening, "accept_deferred", owner)
    elif kind == 3:
        transition(OPENING, opening, "accept", owner)
        _approve(opening, _leaders(employer.branch_id), number)


def _approve(opening: Opening, leaders: Sequence[User], number: int) -> None:
    if leaders and number % 8 == 3:
        transition(OPENING, opening, "approve", leaders[0])


def _leaders(branch_id: int) -> Sequence[User]:
    query = select(User).join(UserRole).where(User.branch_id == branch_id, UserRole.role == Role.BRANCH_HEAD)
    return db.session.scalars(query.order_by(User.id)).unique().all()


def _soon(demo: Demo, number: int) -> date:
    return demo.today + timedelta(days=2 if number % 8 == 2 else 10)


def _accompany(employer: Employer, demo: Demo, dice: Random) -> None:
    """Milestones that nobody else tells of, and how the talk about online signing went."""
    owner, opened = employer.owner, employer.account_opened_on
    assert owner is not None and opened is not None  # noqa: S101 - the query asks for both
    day = min(demo.today, opened + timedelta(days=dice.randrange(1, 18)))
    if dice.random() < 0.8:
        added = min(demo.today, day + timedelta(days=dice.randrange(30, 90)))
        grown = added if employer.paid_through and dice.random() < 0.6 else None
        reaching.record(employer, day, grown, owner)
    if employer.online_signed_on is None and dice.random() < 0.5:
        kind, code, note = dice.choice(
            (
                (SigningKind.REFUSED, "02", "财务人员年底前轮岗，届时再办。"),
                (SigningKind.HELPED, "02", "远程协助安装证书驱动，已能登录。"),
            )
        )
        signing_up.record(employer, kind, day, code, note, owner)
