"""Firms of the synthetic department that are gone, and closings in every state."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select

from app.accounts.models import User, UserRole
from app.core.db import db
from app.core.demo import Demo
from app.core.permissions import Role
from app.core.workflow.engine import transition
from app.employers.models import AccountStatus, Employer, Stage
from app.lifecycle.closing import services
from app.lifecycle.closing.helping.services import help_to_close
from app.lifecycle.closing.models import Closing, PlacementKind
from app.lifecycle.closing.placing import services as placing
from app.lifecycle.closing.placing.services import Going
from app.lifecycle.closing.policy import papers_for
from app.lifecycle.closing.services import Event
from app.lifecycle.closing.workflow import CLOSING, SEALING
from app.lifecycle.papers.models import CheckResult
from app.lifecycle.papers.policy import Finding
from app.lifecycle.workflow import LIFECYCLE

#: how many firms of a branch are gone: some not begun, some with papers missing, some with people to place
GONE_OF_BRANCH = 6
REVOKED, DEREGISTERED = "04", "05"
IN_ORDER = Finding(CheckResult.COMPLETE)
UNCLEAR = Finding(CheckResult.CORRECTABLE, "复印件不清晰，请加盖公章后重新提交。")


def load(demo: Demo) -> None:
    """Draws on nobody's dice: what the other parts make stays the same."""
    for branch_id in db.session.scalars(select(Employer.branch_id).distinct().order_by(Employer.branch_id)):
        for number, employer in enumerate(_chosen(branch_id)):
            _go(employer, number, demo)
    db.session.flush()
    help_to_close()


def _chosen(branch_id: int) -> Sequence[Employer]:
    """Those closing already, and the smallest of those behind or sealed."""
    stages = (Stage.CLOSING, Stage.SEALED, Stage.IN_ARREARS)
    query = select(Employer).where(
        Employer.branch_id == branch_id, Employer.stage.in_(stages), Employer.owner_id.is_not(None),
        # whose deferment has ended is no firm that is gone
        Employer.account_status.is_distinct_from(AccountStatus.DEFERRED),
    )  # fmt: skip
    rows = db.session.scalars(query.order_by(Employer.stage, Employer.heads, Employer.id)).all()
    return rows[:GONE_OF_BRANCH]


def _go(employer: Employer, number: int, demo: Demo) -> None:
    owner = employer.owner
    assert owner is not None  # noqa: S101 - the query asks for it
    employer.operating_status = DEREGISTERED if number % 2 else REVOKED
    employer.operating_status_source = "01"
    employer.operating_status_as_of = demo.today - timedelta(days=9 + 11 * number)
    if number % 3 == 2:
        return
    closing = _file(employer, owner)
    event = Event(
        "02" if number % 2 else "01", employer.operating_status_as_of, "01", "市监注销〔2026〕第118号", 6
    )
    services.note_event(closing, event, owner)
    if number % 3 == 0:
        services.check_papers(closing, {"101": IN_ORDER, "102": IN_ORDER, "103": UNCLEAR}, owner)
        return
    services.check_papers(closing, dict.fromkeys(papers_for(event.reason), IN_ORDER), owner)
    transition(CLOSING, closing, "register", owner, answers={"registered_on": demo.today - timedelta(days=4)})
    _place(employer, owner, demo)


def _file(employer: Employer, owner: User) -> Closing:
    if employer.stage is Stage.CLOSING:
        return services.begin_file(employer, owner)
    transition(LIFECYCLE, employer, "begin_closing", owner, answers={"account_closing_reason": "02"})
    query = select(Closing).where(Closing.employer_id == employer.id)
    return db.session.scalars(query).one()


def _place(employer: Employer, owner: User, demo: Demo) -> None:
    """Two are transferred, one is sealed by way of an approval, and two more are proposed."""
    day = demo.today - timedelta(days=2)
    going = Going(PlacementKind.TRANSFERRED, 2, day, "滨河集团有限公司", "转移清册第7号")
    placing.place(employer, going, owner)
    leaders = db.session.scalars(
        select(User)
        .join(UserRole)
        .where(User.branch_id == employer.branch_id, UserRole.role == Role.BRANCH_HEAD)
        .order_by(User.id)
    )
    leader = leaders.unique().first()
    if leader is not None:
        sealing = placing.propose_sealing(
            employer, 1, "原单位人去楼空，职工已失联，社保中心无新参保记录。", owner
        )
        transition(SEALING, sealing, "approve", leader)
        answers = {"sealed_on": day, "proof": "集中封存清册第3号"}
        transition(SEALING, sealing, "carry_out", owner, answers=answers)
    placing.propose_sealing(employer, 2, "两名职工已退休异地居住，无接收单位。", owner)
