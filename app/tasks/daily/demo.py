"""How the synthetic department closed its last working days: nearly everybody did, and one is on leave."""

from datetime import timedelta
from typing import Any

from sqlalchemy import insert, select

from app.accounts.models import User, UserRole
from app.core.db import db
from app.core.demo import Demo
from app.core.rules.workdays import calendar
from app.tasks.daily.models import DayClosing
from app.tasks.daily.policy import CLOSERS

FIRST = ("上门走访欠缴3个月以上单位", "回访新开户单位网缴签约", "核对本月汇缴到账", "整理联合检查资料")


def load(demo: Demo) -> None:
    """One row for each person and day; every seventh day stays open."""
    working = calendar(demo.today.year, provisional=True)
    days = [working.add(demo.today, -back) for back in range(1, 6)]
    closers = select(UserRole.user_id).where(UserRole.role.in_(CLOSERS))
    people = list(
        db.session.scalars(select(User).where(User.id.in_(closers), User.active).order_by(User.id)).unique()
    )
    rows: list[dict[str, Any]] = [
        {
            "user_id": user.id,
            "branch_id": user.branch_id,
            "day": day,
            "closed_at": None if (place + back) % 7 == 3 else demo.moment(day) + timedelta(hours=1),
            "done": (place + back) % 4,
            "left_open": 0,
            "rest": [],
            "first_next": FIRST[(place + back) % len(FIRST)],
            "note": "",
        }
        for place, user in enumerate(people)
        for back, day in enumerate(days)
    ]
    if rows:
        db.session.execute(insert(DayClosing), rows)
    away = people[-1:]
    db.session.add_all(
        DayClosing(
            user_id=user.id, branch_id=user.branch_id, day=working.add(demo.today, ahead), on_leave=True
        )
        for user in away
        for ahead in (1, 2, 3)
    )
