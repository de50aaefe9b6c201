"""Adding a condition to a list: choose the field, how to compare, and the value, one step at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from flask import request
from flask_babel import gettext as _

from app.core.criteria.editing import added, read_place, replaced
from app.core.criteria.fields import Choice, Field, Kind
from app.core.criteria.operators import OPERATORS, Arity, Operator
from app.core.criteria.trees import Tree, checked, rule
from app.core.errors import DomainError
from app.core.listing.state import ListState, joined

#: the `type` of the input for values of a kind
INPUT_TYPES = {
    Kind.NUMBER: "number",
    Kind.DATE: "date",
    Kind.MOMENT: "date",
    Kind.EVENT: "date",
    Kind.PERIOD: "month",
}


#: URL arguments that place a condition in the outline (core.listing.outline)
PLACING = ("panel", "at", "group", "grouped")


@dataclass(frozen=True)
class Editor:
    """The half-made condition, for the template. `choices` are None where a value is typed."""

    field: Field
    operator: Operator
    operators: Sequence[Operator]
    values: Sequence[str]
    choices: Sequence[Choice] | None
    into: str
    #: the arguments that say where the condition goes, kept from step to step; empty: the reader is asked
    kept: Sequence[tuple[str, str]] = ()
    error: str = ""

    @property
    def replaces(self) -> bool:
        """Whether it changes a condition that is there."""
        return "at" in dict(self.kept)

    @property
    def input_type(self) -> str:
        return INPUT_TYPES.get(self.operator.reads or self.field.kind, "text")

    @property
    def inputs(self) -> list[str]:
        """The typed values, as many as the operator takes."""
        wanted = {Arity.NONE: 0, Arity.ONE: 1, Arity.TWO: 2, Arity.MANY: 1}[self.operator.arity]
        return [*self.values, "", ""][:wanted]


def menu(state: ListState) -> list[tuple[str, list[Field]]]:
    """The fields that may be asked about, under their headings."""
    asked = (field for field in state.fields.values() if field.kind is not Kind.SEARCH)
    fields = [field for field in asked if field.open_to(state.actor)]
    grouped: dict[str, list[Field]] = {}
    for heading, members in groupby(fields, key=lambda field: str(field.group or "")):
        grouped.setdefault(heading, []).extend(members)
    return list(grouped.items())


def read_editor(state: ListState) -> "Editor | Tree | None":
    """What the request says about a new condition: nothing, a half-made one, or the criteria with it."""
    field = state.fields.get(request.args.get("add", ""))
    if field is None or field.kind is Kind.SEARCH or not field.open_to(state.actor):
        return None
    operators = OPERATORS[field.kind]
    operator = operators.get(request.args.get("op", "")) or next(iter(operators.values()))
    values = [value for value in request.args.getlist("value") if value.strip()]
    error = ""
    if request.args.get("apply"):
        try:
            return _placed(state, _made(state, field, operator, values))
        except DomainError as refusal:
            error = str(refusal)
    return Editor(
        field=field,
        operator=operator,
        operators=list(operators.values()),
        values=values,
        choices=_choices(state, field, operator),
        into=request.args.get("into", ""),
        kept=[(name, request.args[name]) for name in PLACING if name in request.args],
        error=error,
    )


def _placed(state: ListState, item: Tree) -> Tree:
    """The criteria with the rule where it was meant: for another, in a group, or beside the others."""
    given = request.args
    if "at" in given:
        return checked(replaced(state.tree, read_place(given["at"]), item), state.fields)
    if "group" in given:
        place = read_place(given["group"])
        return checked(added(state.tree, place, item, grouped=bool(given.get("grouped"))), state.fields)
    return joined(state.tree, item, _into())


def _made(state: ListState, field: Field, operator: Operator, values: Sequence[str]) -> Tree:
    several = operator.arity in {Arity.TWO, Arity.MANY}
    given: Any = None if operator.arity is Arity.NONE else _listed(field, values) if several else values[:1]
    if operator.arity is Arity.ONE:
        given = values[0] if values else ""
    made = checked({"match": "all", "rules": [rule(field.name, operator.name, given)]}, state.fields)
    item: Tree = made["rules"][0]
    return item


def _listed(field: Field, values: Sequence[str]) -> list[str]:
    """Several codes may be pasted into one input, as lines or with commas."""
    if field.kind is not Kind.CODE:
        return list(values)
    return [part for value in values for part in value.replace("，", ",").replace(",", " ").split()]


def _into() -> int | None:
    given = request.args.get("into", "")
    return int(given) if given.isdecimal() and len(given) < 4 else None


def _choices(state: ListState, field: Field, operator: Operator) -> Sequence[Choice] | None:
    if operator.arity is not Arity.MANY or field.kind is Kind.CODE:
        return None
    found = field.choices_for(state.actor)
    return [(value, _("me") if value == "me" else label) for value, label in found]
