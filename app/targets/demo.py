"""This month's and last month's targets of the synthetic department."""

from sqlalchemy import insert, select

from app.accounts.models import User, UserRole
from app.core.db import db
from app.core.demo import Demo
from app.core.permissions import Role
from app.targets.models import Target

#: per specialist and month
AIMS = {"new_employers": 3, "newly_signed": 4}


def load(demo: Demo) -> None:
    query = select(User).join(UserRole).where(UserRole.role == Role.SPECIALIST).order_by(User.id)
    people = db.session.scalars(query).unique().all()
    rows = []
    for period in (demo.month + -1, demo.month):
        for kpi, aim in AIMS.items():
            for branch_id in sorted({user.branch_id for user in people}):
                team = [user.id for user in people if user.branch_id == branch_id]
                values = [(None, aim * len(team)), *((user_id, aim) for user_id in team)]
                rows += [
                    {"kpi": kpi, "period": period, "branch_id": branch_id, "user_id": user_id, "value": value}
                    for user_id, value in values
                ]
    db.session.execute(insert(Target), rows)
