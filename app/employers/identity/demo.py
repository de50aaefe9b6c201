"""A family of employers, some that were renamed, whom to ask there, and what was verified."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select

from app.accounts.models import Branch
from app.core.db import db
from app.core.demo import Demo
from app.employers.identity.models import (
    EmployerRelation,
    IdentityFile,
    RelationKind,
    Verification,
    VerificationResult,
    VerifiedBy,
)
from app.employers.models import Employer, FormerName, Stage
from app.employers.search.services import reindex

#: (kind, place of the subject, place of the object) among the largest employers
FAMILY = (
    (RelationKind.GROUP, 1, 0),
    (RelationKind.GROUP, 2, 0),
    (RelationKind.PARENT, 3, 1),
    (RelationKind.PARENT, 4, 1),
    (RelationKind.DIVISION, 5, 2),
    (RelationKind.MERGER, 6, 3),
)
RENAMED, ASKED = 12, 9
PROOF = "市场监管部门准予变更登记通知书"
QUESTIONS = (
    "2019年3月起在原单位工作，更名后劳动关系延续",
    "职工档案由上级单位统一管理",
    "原单位合并前缴存由本单位承继",
    "调入时间与个人账户转移时间一致",
)


def load(demo: Demo) -> None:
    """Writes kinship of each branch's giants, former names of a dozen, files and verifications."""
    for branch_id in db.session.scalars(select(Branch.id).order_by(Branch.id)):
        largest = _largest(branch_id)
        if len(largest) == RENAMED:
            _load_branch(demo, largest)


def _load_branch(demo: Demo, largest: Sequence[Employer]) -> None:
    for kind, subject, other in FAMILY:
        day = demo.today - timedelta(days=demo.random.randrange(400, 3000))
        proof = "集团章程" if kind is RelationKind.GROUP else PROOF
        ids = {"subject_id": largest[subject].id, "object_id": largest[other].id}
        db.session.add(EmployerRelation(kind=kind, since=day, proof=proof, **ids))
    for employer in largest:
        _rename(demo, employer)
    db.session.flush()
    for employer in largest[:ASKED]:
        _file(demo, employer)
    reindex([employer.id for employer in largest])


def _largest(branch_id: int) -> Sequence[Employer]:
    query = (
        select(Employer)
        .where(Employer.branch_id == branch_id, Employer.stage == Stage.CONTRIBUTING)
        .where(Employer.owner_id.is_not(None))
        .order_by(Employer.heads.desc(), Employer.id)
    )
    return db.session.scalars(query.limit(RENAMED)).all()


def _rename(demo: Demo, employer: Employer) -> None:
    old = employer.name.replace("股份有限公司", "总厂").replace("有限公司", "厂")
    until = demo.today - timedelta(days=demo.random.randrange(300, 2500))
    former = FormerName(employer_id=employer.id, name=old, until=until, proof=PROOF)
    if old != employer.name:
        db.session.add(former)


def _file(demo: Demo, employer: Employer) -> None:
    contact = next((link.contact for link in employer.contacts if not link.until), None)
    if contact is None or employer.owner_id is None:
        return
    filed = demo.today - timedelta(days=demo.random.randrange(120, 300))
    db.session.add(
        IdentityFile(
            employer_id=employer.id, contact_id=contact.id, filed_on=filed, filed_by_id=employer.owner_id,
            materials="变更登记通知书、营业执照副本",
        )
    )  # fmt: skip
    for number in range(demo.random.randrange(0, 4)):
        ways = (VerifiedBy.PHONE, VerifiedBy.PHONE, VerifiedBy.ON_FILE)
        way = demo.random.choice(ways)
        db.session.add(
            Verification(
                employer_id=employer.id,
                at=demo.moment(demo.today - timedelta(days=demo.random.randrange(1, 110))),
                person=demo.random.choice("王李张刘陈") + demo.random.choice(("某", "某某")),
                question=QUESTIONS[number % len(QUESTIONS)],
                way=way,
                contact_id=contact.id,
                answered_by=contact.name,
                result=VerificationResult.CONFIRMED,
                materials="备案材料" if way is VerifiedBy.ON_FILE else "",
                by_id=employer.owner_id,
            )
        )
