"""A few records of the synthetic department that were entered twice, and one merge that was made."""

from collections.abc import Sequence

from sqlalchemy import select

from app.accounts.models import User, UserRole
from app.core import timeline
from app.core.db import db
from app.core.demo import Demo
from app.core.language.i18n import msgid
from app.core.permissions import Role
from app.employers.merging.models import DuplicatePair
from app.employers.merging.services import deciding, finding, merging
from app.employers.models import Employer, EmployerContact, Stage
from app.employers.search.services import reindex
from app.employers.services import version_of

#: how the second entry was written
SPELLINGS = ("{core}有限责任公司", "{core}（天津）有限公司", "天津市{core}有限公司")
TWICE = 9


def load(demo: Demo) -> None:
    """Enters some employers a second time without their code, as a tip-off or a bank list would."""
    entered = [_again(demo, one, number) for number, one in enumerate(_chosen())]
    db.session.add_all(entered)
    db.session.flush()
    for again, original in zip(entered, _chosen(), strict=True):
        _share_contact(again, original)
    reindex([one.id for one in entered])
    finding.refresh()
    _decide()


def _chosen() -> Sequence[Employer]:
    query = (
        select(Employer)
        .where(Employer.stage == Stage.CONTRIBUTING, Employer.name.endswith("有限公司"), Employer.heads < 200)
        .where(Employer.name.not_like("%股份%"))
        .order_by(Employer.id)
        .limit(TWICE)
    )
    return db.session.scalars(query).all()


def _again(demo: Demo, original: Employer, number: int) -> Employer:
    core = original.name.removesuffix("有限公司")
    return Employer(
        name=SPELLINGS[number % len(SPELLINGS)].format(core=core),
        stage=Stage.PROSPECT,
        stage_since=demo.moment(demo.today),
        branch_id=original.branch_id,
        owner_id=original.owner_id,
        source="bank" if number % 2 else "tip",
        address=original.address if number % 3 else None,
        area=original.area,
        insured_heads=demo.random.randrange(3, 40),
    )


def _share_contact(again: Employer, original: Employer) -> None:
    for link in original.contacts[:1]:
        if again.id % 2:
            db.session.add(EmployerContact(employer_id=again.id, contact_id=link.contact_id, role=link.role))


def _manager_of(branch_id: int) -> User | None:
    query = select(User).join(UserRole).where(UserRole.role == Role.MANAGER, User.branch_id == branch_id)
    return db.session.scalars(query.order_by(User.id).limit(1)).first()


def _decide() -> None:
    """The manager has worked on two of them already."""
    pairs = db.session.scalars(select(DuplicatePair).order_by(DuplicatePair.id).limit(2)).all()
    manager = _manager_of(pairs[0].first.branch_id) if pairs else None
    if manager is None or len(pairs) < 2:
        return
    kept, gone = pairs[0].first, pairs[0].second
    timeline.record(gone.id, "employer", msgid("Entered by hand as a prospect"), actor=manager)
    db.session.flush()
    reason = "工商登记核对为同一单位"
    merging.merge(kept.id, gone.id, {}, reason, (version_of(kept), version_of(gone)), manager)
    deciding.keep_apart(pairs[1], "母公司与同名个体户，分别登记", manager)
