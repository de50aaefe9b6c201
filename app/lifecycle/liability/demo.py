"""An employer behind that was merged into one that goes on, which answers for it."""

from datetime import timedelta
from decimal import Decimal

from sqlalchemy import select

from app.core.db import db
from app.core.demo import Demo
from app.employers.identity.models import EmployerRelation, RelationKind
from app.employers.models import Employer, Stage
from app.lifecycle.liability import services


def load(demo: Demo) -> None:
    """One of each branch; draws on nobody's dice."""
    branches = db.session.scalars(select(Employer.branch_id).distinct().order_by(Employer.branch_id))
    for branch_id in branches.all():
        here = select(Employer).where(Employer.branch_id == branch_id, Employer.owner_id.is_not(None))
        behind = here.where(Employer.stage == Stage.IN_ARREARS).order_by(Employer.id.desc()).limit(1)
        going_on = here.where(Employer.stage == Stage.CONTRIBUTING).order_by(Employer.id.desc()).limit(1)
        debtor, heir = db.session.scalars(behind).first(), db.session.scalars(going_on).first()
        if debtor is None or heir is None or debtor.owner is None:
            continue
        day = demo.today - timedelta(days=15)
        db.session.add(
            EmployerRelation(
                kind=RelationKind.MERGER, subject_id=debtor.id, object_id=heir.id, since=day,
                proof="吸收合并协议（2026年第2号）",
            )
        )  # fmt: skip
        db.session.flush()
        services.agree(debtor, heir.id, Decimal(1), day, "欠缴责任承接确认书", debtor.owner)
