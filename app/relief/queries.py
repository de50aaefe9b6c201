"""Decisions on relief: an employer's, and those that a chunk of a file may correct."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import select

from app.core.bulk import read_rows
from app.core.db import among, db
from app.core.permissions import Actor
from app.employers.models import Employer
from app.employers.policy import in_reach, not_merged
from app.relief.models import ReliefDecision

Known = Mapping[str, Any]
DECIDED = ("to_month", "employer_rate", "employee_rate", "document_no", "decided_on")


def employers(codes: Collection[str], accounts: Collection[str], actor: Actor | None) -> Sequence[Known]:
    """Employers of all branches by credit code or account number; `within_reach` for the actor."""
    columns = (Employer.id, Employer.uscc, Employer.employer_account_no)
    reach = in_reach(actor).label("within_reach")
    wanted = among(Employer.uscc, codes) | among(Employer.employer_account_no, accounts)
    return read_rows(select(*columns, reach).where(wanted, not_merged()))


def decisions_of(employer_ids: Collection[int]) -> dict[int, list[Known]]:
    """What was decided for these employers so far."""
    names = ("id", "employer_id", "kind", "from_month", *DECIDED)
    columns = [getattr(ReliefDecision, name) for name in names]
    found: dict[int, list[Known]] = defaultdict(list)
    for row in read_rows(select(*columns).where(among(ReliefDecision.employer_id, employer_ids))):
        found[row["employer_id"]].append(row)
    return found


def decisions_on(employer_id: int) -> Sequence[ReliefDecision]:
    """An employer's decisions, the latest first."""
    query = select(ReliefDecision).where(ReliefDecision.employer_id == employer_id)
    return db.session.scalars(
        query.order_by(ReliefDecision.from_month.desc(), ReliefDecision.id.desc())
    ).all()
