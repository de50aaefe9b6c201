"""Plans that were worked out for some leads of the synthetic department."""

from decimal import Decimal

from sqlalchemy import select

from app.core.db import db
from app.core.demo import Demo
from app.core.rules.rates import Group
from app.employers.models import Employer, Stage
from app.outreach.plans.services import save_plan

MOST = 8


def load(_demo: Demo) -> None:
    query = select(Employer).where(Employer.stage == Stage.ENGAGED, Employer.owner_id.is_not(None))
    for number, employer in enumerate(db.session.scalars(query.order_by(Employer.id).limit(MOST))):
        heads, rate = employer.insured_heads or 12, Decimal(5 + number % 3) / 100
        groups = [Group(heads, Decimal(4800 + 250 * number))]
        if number % 2:
            groups.append(Group(2, Decimal(31000)))
        assert employer.owner is not None  # noqa: S101 - the query asks for it
        save_plan(employer, groups, rate, rate, "按最低比例起步，次年可调整。", employer.owner)
