"""What may be done with a record in the state it is in, besides moving it.

A workflow names such acts (`Act`) and what each takes; a state says what is otherwise in it: another
permission, or nobody at all (`Nobody`), with the reason. Services `demand` an act, templates ask whether it
is `allowed`; no code compares states by itself. Row scope is not asked here: whoever holds the record has
found it through `visible_to`.
"""

from typing import Any

from flask_babel import lazy_gettext as _l

from app.core.errors import DomainError, Forbidden
from app.core.features import current_features
from app.core.permissions import Actor, may
from app.core.workflow.declared import Workflow
from app.core.workflow.parts import Nobody


def refusal(record: Any, act: str, actor: Actor | None) -> DomainError | None:
    """Why the actor may not do this to the record now; None when nothing is in the way.

    What a state allows nobody, it does not allow the system (None) either. KeyError for an act that the
    record's workflow does not name.
    """
    workflow = _workflow_of(record)
    state = workflow.state_of(record)
    takes = workflow.takes(state, act)
    if isinstance(takes, Nobody):
        return DomainError(takes.reason)
    if takes is None or may(actor, takes):
        return None
    if act not in state.acts:
        return Forbidden(_l("Your role does not allow this. Ask your security administrator."))
    return Forbidden(
        _l(
            "In the state “%(state)s” this takes the right “%(right)s”: ask somebody who holds it.",
            state=state.label,
            right=getattr(takes, "label", takes),
        )
    )


def allowed(record: Any, act: str, actor: Actor | None) -> bool:
    """Whether the actor may do this to the record now."""
    return refusal(record, act, actor) is None


def demand(record: Any, act: str, actor: Actor | None) -> None:
    """Goes on if the actor may do this to the record now; else DomainError or Forbidden, which say why."""
    if (why := refusal(record, act, actor)) is not None:
        raise why


def _workflow_of(record: Any) -> Workflow[Any]:
    for workflow in current_features().workflows.values():
        if isinstance(record, workflow.model):
            return workflow
    raise KeyError(f"no workflow moves {type(record).__name__}")
