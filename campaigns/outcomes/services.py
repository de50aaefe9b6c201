"""Opening the task that an outcome asks for."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from app.core.db import db
from app.employers.models import Employer
from app.tasks.models import Task
from app.tasks.services import Source, open_task
from campaigns.outcomes import queries
from campaigns.outcomes.policy import RULES, Outcome


def follow(
    outcome: Outcome,
    employer: Employer,
    title: str,
    *,
    source: Source,
    params: Mapping[str, Any] | None = None,
    note: str = "",
    again: bool = False,
) -> Task | None:
    """A task by the table of outcomes, or None where the department wants none. Flushes.

    The same source gives the task that is there already; with `again`, once that is closed, a new one.
    """
    if not queries.has_task(outcome):
        return None
    owner_id = db.session.scalar(select(queries.owner_of(outcome)).where(Employer.id == employer.id))
    return open_task(
        RULES[outcome].kind,
        title,
        queries.due_on(outcome),
        employer=employer,
        owner_id=owner_id,
        pool=owner_id is None,
        params=params,
        note=note,
        source=source,
        again=again,
    )
