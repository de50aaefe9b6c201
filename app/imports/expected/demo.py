"""What the demonstration department waits for: a bank's list and the social insurance's."""

from sqlalchemy import select

from app.accounts.models import User
from app.core.db import db
from app.core.demo import Demo
from app.imports.expected.models import ImportExpectation, Rhythm

WHO = "specialist"
#: kind, source, by which day, and whether working days count
EXPECTED = (
    ("bank_accounts", "建设银行滨河支行（新开户）", 5, False),
    ("social_insurance", "区社会保险局", 10, True),
)


def load(demo: Demo) -> None:
    """Both expected from this month on; the specialist sees to them."""
    user = db.session.scalars(select(User).where(User.username == WHO)).unique().one()
    for spec, source, day, workdays_only in EXPECTED:
        db.session.add(
            ImportExpectation(
                spec=spec,
                source=source,
                branch_id=user.branch_id,
                rhythm=Rhythm.MONTHLY,
                day=day,
                workdays_only=workdays_only,
                owner_id=user.id,
                since=demo.month.first_day,
            )
        )
