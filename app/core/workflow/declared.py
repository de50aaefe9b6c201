"""A workflow as a feature declares it: its states, its transitions, its acts, and where its records are."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar

from flask import url_for
from flask_babel import lazy_gettext as _l

from app.core.errors import DomainError
from app.core.permissions import Actor
from app.core.workflow.parts import Act, Nobody, State, Transition

R = TypeVar("R", bound=Any)


@dataclass(frozen=True)
class Workflow(Generic[R]):
    """One process. `field` names the record's state column; `since` the column of the last change, if any.

    `endpoint` is the page of a record, by its `id`: there lead its steps and the entries of the timeline.
    Where a record's page is reached another way, `url` tells, and no entry links to it.
    """

    name: str
    title: Any
    model: type[R]
    states: tuple[State, ...]
    transitions: tuple[Transition, ...]
    acts: tuple[Act, ...] = ()
    field: str = "state"
    since: str | None = None
    kind: str = "workflow"
    employer_id: Callable[[R], int | None] = lambda record: record.employer_id
    load: Callable[[int, Actor], R] | None = None
    endpoint: str | None = None
    url: Callable[[R], str] | None = None

    def __post_init__(self) -> None:
        names = {state.name for state in self.states}
        for t in self.transitions:
            if unknown := ({*t.sources, t.target} - names):
                raise ValueError(f"{self.name}.{t.name}: unknown states {sorted(unknown)}")
        acts = {act.name for act in self.acts}
        for state in self.states:
            if unknown := (state.acts.keys() - acts):
                raise ValueError(f"{self.name}.{state.name}: unknown acts {sorted(unknown)}")

    @cached_property
    def _by_name(self) -> Mapping[str, State]:
        return {state.name: state for state in self.states}

    def state(self, name: str) -> State:
        return self._by_name[name]

    def state_of(self, record: R) -> State:
        return self.state(str(getattr(record, self.field)))

    def named(self, name: str) -> Transition:
        for t in self.transitions:
            if t.name == name:
                return t
        raise DomainError(_l("There is no such step."))

    def takes(self, state: State, act: str) -> str | Nobody | None:
        """The permission that the act takes in the state, or that nobody may; KeyError for an unknown act."""
        usual = {one.name: one.permission for one in self.acts}
        return state.acts.get(act, usual[act])

    def page_of(self, record: R) -> str:
        """The address of the record's page."""
        if self.endpoint:
            return url_for(self.endpoint, id=record.id)
        return self.url(record) if self.url else "/"

    def open_to(self, act: str) -> frozenset[str]:
        """The states in which somebody may do this: for conditions over many records."""
        return frozenset(s.name for s in self.states if not isinstance(self.takes(s, act), Nobody))

    @property
    def choices(self) -> list[tuple[str, Any]]:
        return [(state.name, state.label) for state in self.states]
