"""The employers whose cases are to be reckoned, and those to be asked a reason that is known already."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Select, exists, or_, select, union

from app.contributions.arrears.models import ArrearsCase
from app.contributions.models import ContributionFact
from app.core.db import among, db
from app.employers.models import Employer, Stage
from app.employers.policy import not_merged
from app.imports.models import ImportRow
from app.lifecycle.workflow import LIFECYCLE
from app.tasks.models import DEADLINE, Task, TaskState


def named_in(batch_id: int) -> Select[int]:
    """The employers that a statement says to be behind, and all others with cases that it names."""
    fact, case = ContributionFact, ArrearsCase
    of_batch = select(fact.employer_id).where(fact.batch_id == batch_id)
    known = exists().where(case.employer_id == fact.employer_id)
    return of_batch.where(or_(fact.arrears_months > 0, known))


def named_by(batch_id: int) -> Select[Any]:
    """The employers that an import named, whatever became of its rows."""
    return select(ImportRow.record_id).where(ImportRow.batch_id == batch_id)


def taken_back_in(batch_id: int) -> Select[int]:
    """The employers that an undone statement had named and that have cases, or are behind without its facts.

    Its facts are gone by now. A correction may have found the months paid and so have ended a case for good:
    what it had replaced counts again.
    """
    fact, case, named = ContributionFact, ArrearsCase, named_by(batch_id)
    known = select(case.employer_id).where(case.employer_id.in_(named))
    behind = select(fact.employer_id).where(fact.employer_id.in_(named), fact.arrears_months > 0)
    both = union(known, behind).subquery()
    return select(*both.c)


def out_of_step() -> Select[int]:
    """Employers whose cases do not fit what their latest statement left: from before there were cases."""
    open_case = exists().where(ArrearsCase.employer_id == Employer.id, ArrearsCase.closed_on.is_(None))
    behind = select(Employer.id).where(Employer.arrears_months > 0, not_merged(), ~open_case)
    fine = (
        select(ArrearsCase.employer_id)
        .join(Employer, Employer.id == ArrearsCase.employer_id)
        .where(ArrearsCase.closed_on.is_(None), Employer.arrears_months == 0)
    )
    both = union(behind, fine).subquery()
    return select(*both.c)


def asked_though_told(employer_ids: Collection[int] | None = None) -> list[int]:
    """Employers, of these or of all, that are to be asked why they are late though their open case tells it.

    They have fallen behind again within one case: a deferment ended, and what was deferred is not made up.
    """
    case = ArrearsCase
    asked = [Task.kind == DEADLINE, Task.source_type == LIFECYCLE.name, Task.state == TaskState.OPEN]
    if employer_ids is not None:
        asked.append(among(Task.source_id, employer_ids))
    query = select(Task.source_id).join(case, case.employer_id == Task.source_id)
    query = query.join(Employer, Employer.id == case.employer_id)
    told = (Employer.stage == Stage.IN_ARREARS, case.closed_on.is_(None), case.reason.is_not(None))
    return [one for one in db.session.scalars(query.where(*asked, *told)) if one is not None]
