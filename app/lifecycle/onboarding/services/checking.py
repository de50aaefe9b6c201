"""Noting what is found of the papers, and following up those that are to come."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from app.core import signals, timeline
from app.core.code_tables import label
from app.core.db import db
from app.core.language.i18n import msgid
from app.core.permissions import Actor
from app.core.workflow.acts import demand
from app.core.workflow.engine import Move, Workflow
from app.employers.models import Employer
from app.lifecycle.onboarding import queries
from app.lifecycle.onboarding.models import DocumentCheck, Opening, OpeningState
from app.lifecycle.onboarding.policy import DEFERRAL, KIND
from app.lifecycle.onboarding.services import reminding
from app.lifecycle.onboarding.workflow import OPENING, PAPERS
from app.lifecycle.papers.models import CheckResult
from app.lifecycle.papers.policy import Finding
from app.lifecycle.papers.services import note_findings
from app.tasks import services as tasks
from app.tasks.models import Task, TaskState

PAPER = "deferred_paper"

CHECKED = msgid("Papers checked: %(complete)s of %(all)s complete")
FOLLOWS = msgid("Paper to follow: %(paper)s")


def check(opening: Opening, findings: Mapping[str, Finding], actor: Actor) -> int:
    """Writes down what was found of the papers, by code; gives how many are new or changed.

    Refuses all with every reason, or takes all.
    """
    demand(opening, "check_papers", actor)
    known = queries.checks_of(opening)

    def new(code: str) -> DocumentCheck:
        opening.checks.append(DocumentCheck(opening_id=opening.id, code=code))
        return opening.checks[-1]

    changed = note_findings(PAPERS, PAPERS.asked(), known, findings, new, actor, deferral=DEFERRAL.value())
    db.session.flush()
    if changed:
        complete = sum(check.result is CheckResult.COMPLETE for check in opening.checks)
        params = {"complete": complete, "all": len(PAPERS.asked())}
        timeline.record(
            opening.employer_id, KIND, CHECKED, params=params, actor=actor, endpoint="onboarding.show",
            link_id=opening.id,
        )  # fmt: skip
        _follow_up(opening, actor)
    return len(changed)


def _follow_up(opening: Opening, actor: Actor | None) -> None:
    """Each paper that is to follow is a task while the opening waits for it, and only then."""
    employer = db.session.get_one(Employer, opening.employer_id)
    awaited = opening.state is OpeningState.DEFERRED
    for check in opening.checks:
        open_ = awaited and check.result is not CheckResult.COMPLETE and check.due_on is not None
        task = _task_of(check)
        if open_ and check.due_on is not None:
            params = {"paper": label(PAPERS.table, check.code)}
            source = ("document_check", check.id)
            task = tasks.open_task(
                PAPER, FOLLOWS, check.due_on, employer=employer, params=params, source=source, actor=actor,
                again=True,
            )  # fmt: skip
            task.due_on = check.due_on
        elif task is not None:
            tasks.complete(task, None)
    reminding.settle(opening)


def _task_of(check: DocumentCheck) -> Task | None:
    query = select(Task).where(
        Task.kind == PAPER, Task.source_type == "document_check", Task.source_id == check.id,
        Task.state == TaskState.OPEN,
    )  # fmt: skip
    return db.session.scalars(query).one_or_none()


@signals.after_transition.connect
def _follow_papers(workflow: Workflow[Any], record: Any, move: Move | None = None, **_more: Any) -> None:
    if workflow is OPENING and move is not None:
        _follow_up(record, move.actor)
