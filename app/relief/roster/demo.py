"""A roster of key employers in the synthetic department, gone through to about two thirds."""

from datetime import timedelta
from itertools import cycle

from sqlalchemy import select

from app.accounts.models import User, UserRole
from app.core.db import db
from app.core.demo import Demo
from app.core.permissions import Role
from app.core.rules.workdays import calendar
from app.employers.models import Employer, Stage
from app.relief.roster import services
from app.relief.roster.models import Intent

SAID = (
    (Intent.NONE, "经营正常，按时缴存，暂无需求。", ""),
    (Intent.NONE, "已了解政策，目前无困难。", ""),
    (Intent.RATE_CUT, "用工成本高，希望降至5%。", "已指导准备职代会决议，协助提交申请。"),
    (Intent.DEFERMENT, "回款困难，希望缓缴半年。", ""),
    (Intent.UNDECIDED, "待董事会研究后答复。", ""),
    (Intent.NONE, "已签约网缴，运行平稳。", ""),
)


def load(demo: Demo) -> None:
    """The largest employers of one branch, each asked by its own specialist."""
    leaders = select(User).join(UserRole).where(UserRole.role == Role.BRANCH_HEAD).order_by(User.id)
    leader = db.session.scalars(leaders).unique().first()
    if leader is None:
        return
    working = calendar(demo.today.year, provisional=True)
    due_on = working.on_or_after(demo.today + timedelta(days=8))
    roster = services.make(f"{demo.today.year}年阶段性支持政策重点单位摸查", due_on, leader)
    query = select(Employer).where(Employer.stage == Stage.CONTRIBUTING, Employer.owner_id.is_not(None))
    query = query.where(Employer.branch_id == leader.branch_id)
    answers = cycle(SAID)
    for number, employer in enumerate(db.session.scalars(query.order_by(Employer.heads.desc()).limit(24))):
        line = services.add(roster, employer, leader)
        if number % 3 == 2 or employer.owner is None:
            continue
        intent, note, how = next(answers)
        services.survey(line, intent, note, employer.owner)
        if how:
            services.handle(line, how, employer.owner)
