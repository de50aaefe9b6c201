"""Workflow as data: states, transitions, guards and effects in one readable declaration.

`transition` is the only way a record changes its state by hand or by rule; `sets.transition_many`
is the same for sets. Both check, write one history row and one timeline entry, and signal before and after.
A refused transition says every reason at once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import Index, String, Text, inspect, select
from sqlalchemy.orm import Mapped, mapped_column

from app.core import signals, timeline
from app.core.clock import now
from app.core.db import Model, db
from app.core.errors import DomainError, Forbidden
from app.core.features import current_features
from app.core.permissions import ROLE_LABELS, Actor, may
from app.core.workflow.declared import R, Workflow
from app.core.workflow.parts import Ask, Check, Deadline, Effect, Guard, Reason, State, Tone, Transition

__all__ = [
    "Ask", "Check", "Deadline", "Effect", "Guard", "Move", "Option", "Reason", "State", "Tone", "Transition",
    "Workflow", "WorkflowHistory", "available", "history", "of_others", "option", "transition",
]  # fmt: skip


@dataclass(frozen=True)
class Move:
    """What a transition did; handed to effects and signals."""

    workflow: Workflow[Any]
    transition: Transition
    source: str
    actor: Actor | None
    comment: str = ""
    answers: Mapping[str, Any] = field(default_factory=dict)
    evidence: Mapping[str, Any] = field(default_factory=dict)

    @property
    def target(self) -> str:
        return self.transition.target


@dataclass(frozen=True)
class Option:
    """A transition as the page shows it: open, or blocked with every reason."""

    transition: Transition
    reasons: tuple[str, ...]

    @property
    def open(self) -> bool:
        return not self.reasons


class WorkflowHistory(Model):
    """One row for each change of state; never changed afterwards."""

    __tablename__ = "workflow_history"
    __audited__: ClassVar[bool] = False
    __table_args__ = (Index("ix_workflow_history_record", "workflow", "record_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    workflow: Mapped[str] = mapped_column(String(40))
    record_id: Mapped[int]
    transition: Mapped[str] = mapped_column(String(40))
    source: Mapped[str] = mapped_column(String(32))
    target: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime] = mapped_column(default=now)
    actor_id: Mapped[int | None]
    actor_name: Mapped[str] = mapped_column(String(120), default="")
    comment: Mapped[str] = mapped_column(Text, default="")
    answers: Mapped[dict[str, Any]] = mapped_column(default=dict)
    evidence: Mapped[dict[str, Any]] = mapped_column(default=dict)


def available(workflow: Workflow[R], record: R, actor: Actor) -> list[Option]:
    """The steps that this actor's roles hold, from the record's state: open ones and blocked ones.

    What leads on comes first: the first of them is the main one of a page.
    """
    state = str(getattr(record, workflow.field))
    held = [
        t for t in workflow.transitions
        if state in t.sources and t.permission is not None and may(actor, t.permission)
    ]  # fmt: skip
    return [option(workflow, record, t.name, actor) for t in sorted(held, key=lambda t: t.target == state)]


def of_others(workflow: Workflow[R], record: R, actor: Actor) -> list[tuple[Any, list[Any]]]:
    """The steps from the record's state that people of other roles take, with the names of these roles."""
    state, grants = str(getattr(record, workflow.field)), current_features().grants
    return [
        (t.label, [words for role, words in ROLE_LABELS.items() if role in grants.get(t.permission, ())])
        for t in workflow.transitions
        if state in t.sources and t.permission is not None and not may(actor, t.permission)
    ]


def option(workflow: Workflow[R], record: R, name: str, actor: Actor) -> Option:
    """One step with everything that blocks it now; Forbidden when the actor may never take it."""
    chosen = workflow.named(name)
    _authorise(chosen, actor)
    reasons = _state_reasons(workflow, record, chosen) + _guard_reasons(workflow, record, chosen, actor)
    return Option(chosen, tuple(str(reason) for reason in reasons))


def transition(
    workflow: Workflow[R],
    record: R,
    name: str,
    actor: Actor | None,
    *,
    comment: str = "",
    answers: Mapping[str, Any] | None = None,
    evidence: Mapping[str, Any] | None = None,
) -> Move:
    """Moves one record, or raises DomainError with all reasons, changing nothing. Actor None: the system."""
    chosen = workflow.named(name)
    given = dict(answers or {})
    _authorise(chosen, actor)
    _hold(record, workflow.field)
    if reasons := _all_reasons(workflow, record, chosen, actor, given):
        raise DomainError(_l("This step is not possible yet:"), reasons)
    move = Move(
        workflow, chosen, str(getattr(record, workflow.field)), actor, comment, given, dict(evidence or {})
    )
    signals.before_transition.send(workflow, record=record, move=move)
    _apply(workflow, record, move)
    for effect in chosen.effects:
        effect(record, move)
    _write_down(workflow, record, move)
    signals.after_transition.send(workflow, record=record, move=move)
    return move


def _hold(record: Any, field: str) -> None:
    """The state as it is now, held until the end: of two who take a step the second finds it taken."""
    db.session.flush()
    if inspect(record).persistent:
        db.session.refresh(record, [field], with_for_update=True)


def _authorise(chosen: Transition, actor: Actor | None) -> None:
    if actor is None:
        return
    if chosen.permission is None:
        raise Forbidden(_l("This step is made by the system from evidence; nobody can set it by hand."))
    if not may(actor, chosen.permission):
        raise Forbidden(_l("Your role does not allow this step."))


def _all_reasons(
    workflow: Workflow[Any], record: Any, chosen: Transition, actor: Actor | None, answers: Mapping[str, Any]
) -> list[object]:
    unanswered = [
        _l("Please fill in “%(field)s”.", field=ask.label)
        for ask in chosen.asks
        if ask.required and actor is not None and answers.get(ask.name) in (None, "")
    ]
    return [
        *_state_reasons(workflow, record, chosen),
        *unanswered,
        *_guard_reasons(workflow, record, chosen, actor),
        *(reason for check in chosen.checks if (reason := check(record, answers)) is not None),
    ]


def _state_reasons(workflow: Workflow[Any], record: Any, chosen: Transition) -> list[object]:
    state = workflow.state_of(record)
    if state.name in chosen.sources:
        return []
    return [_l("It does not start from the state “%(state)s”.", state=state.label)]


def _guard_reasons(
    workflow: Workflow[Any], record: Any, chosen: Transition, actor: Actor | None
) -> list[object]:
    guards = (*chosen.guards, *current_features().guards_for(workflow.name, chosen.name))
    found = (guard(record, actor) for guard in guards)
    given = (answer if isinstance(answer, list) else [answer] for answer in found)
    return [reason for answer in given for reason in answer if reason is not None]


def _apply(workflow: Workflow[Any], record: Any, move: Move) -> None:
    kind = type(getattr(record, workflow.field))  # the state column's own StrEnum, or str
    setattr(record, workflow.field, kind(move.target))
    if workflow.since:
        setattr(record, workflow.since, now())
    for name, value in move.answers.items():
        if value not in (None, "") and hasattr(type(record), name):
            setattr(record, name, value)
    db.session.flush()


def _write_down(workflow: Workflow[Any], record: Any, move: Move) -> None:
    db.session.add(
        WorkflowHistory(
            workflow=workflow.name,
            record_id=record.id,
            transition=move.transition.name,
            source=move.source,
            target=move.target,
            actor_id=move.actor.id if move.actor else None,
            actor_name=move.actor.name if move.actor else "",
            comment=move.comment,
            answers={name: str(value) for name, value in move.answers.items() if value not in (None, "")},
            evidence=dict(move.evidence),
        )
    )
    employer_id = workflow.employer_id(record)
    if employer_id is not None:
        timeline.record(
            employer_id,
            workflow.kind,
            SUMMARY,
            params=_summary_params(move),
            actor=move.actor,
            endpoint=workflow.endpoint,
            link_id=record.id if workflow.endpoint else None,
        )
    db.session.flush()


#: The timeline's words for a change of state; the states are translated when shown.
SUMMARY = "%(workflow)s: %(source)s → %(target)s"


def _summary_params(move: Move) -> dict[str, Any]:
    """Names, not labels: `templates/shared/timeline.html` looks the labels up in the reader's language."""
    params: dict[str, Any] = {
        "workflow": move.workflow.name,
        "source": move.source,
        "target": move.target,
    }
    if move.comment:
        params["comment"] = move.comment
    return params


def history(workflow: Workflow[Any], record_id: int) -> Sequence[WorkflowHistory]:
    """All changes of one record, newest first."""
    query = (
        select(WorkflowHistory)
        .where(WorkflowHistory.workflow == workflow.name, WorkflowHistory.record_id == record_id)
        .order_by(WorkflowHistory.id.desc())
    )
    return db.session.scalars(query).all()
