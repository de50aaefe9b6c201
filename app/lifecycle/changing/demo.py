"""Changes in every state: discovered and late, being checked, and registered with the former name kept."""

from datetime import timedelta

from sqlalchemy import select

from app.core.db import db
from app.core.demo import Demo
from app.core.workflow.engine import transition
from app.employers.models import Employer, Stage
from app.lifecycle.changing.models import ChangeKind
from app.lifecycle.changing.policy import papers_for
from app.lifecycle.changing.services import News, check_papers, note
from app.lifecycle.changing.workflow import CHANGING
from app.lifecycle.papers.models import CheckResult
from app.lifecycle.papers.policy import Finding

IN_ORDER = Finding(CheckResult.COMPLETE)
UNSEALED = Finding(CheckResult.CORRECTABLE, "变更申请表未加盖单位公章，请加盖后重新提交。")
OF_BRANCH = 7
#: of each employer in turn: what changed, how many days ago, and what it is now (None: made of its own)
NEWS: tuple[tuple[ChangeKind, int, str | None], ...] = (
    (ChangeKind.NAME, 43, None),
    (ChangeKind.ADDRESS, 24, None),
    (ChangeKind.NAME, 12, None),
    (ChangeKind.ADDRESS, 8, None),
    (ChangeKind.NAME, 20, None),
    (ChangeKind.LEGAL_REP, 9, "许志远"),
    (ChangeKind.BANK, 6, "滨河支行"),
)


def load(demo: Demo) -> None:
    """Seven of each branch; draws on nobody's dice."""
    branches = db.session.scalars(select(Employer.branch_id).distinct().order_by(Employer.branch_id))
    for branch_id in branches.all():
        query = select(Employer).where(
            Employer.branch_id == branch_id,
            Employer.stage == Stage.CONTRIBUTING,
            Employer.owner_id.is_not(None),
            Employer.heads < 60,
        )
        chosen = db.session.scalars(query.order_by(Employer.id.desc()).limit(OF_BRANCH)).all()
        for number, employer in enumerate(chosen):
            _change(demo, employer, number)


def _change(demo: Demo, employer: Employer, number: int) -> None:
    owner = employer.owner
    assert owner is not None  # noqa: S101 - the query asks for it
    kind, days, new = NEWS[number]
    new = new or (f"滨河新区创新路{18 + number}号" if kind is ChangeKind.ADDRESS else f"新{employer.name}")
    since = demo.today - timedelta(days=days)
    handed_in = None if number < 2 else demo.today - timedelta(days=3)
    source = "01" if handed_in is None else None
    document = f"准予变更登记通知书〔{since.year}〕第{300 + employer.id}号"
    bank = "105" if kind is ChangeKind.BANK else None
    change = note(employer, kind, News(new, since, source, document, handed_in, bank), owner)
    if number == 2:
        check_papers(change, {papers_for(kind)[0]: UNSEALED}, owner)
    elif number > 2:
        check_papers(change, dict.fromkeys(papers_for(kind), IN_ORDER), owner)
        if number in (4, 5):
            transition(CHANGING, change, "complete", owner)
