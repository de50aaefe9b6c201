"""Criteria as a sentence in the reader's language."""

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from app.core.criteria.fields import ME, Field, Kind
from app.core.criteria.operators import OPERATORS, Arity, Operator
from app.core.criteria.trees import Fields, Tree, read_values
from app.core.errors import DomainError
from app.core.language import formats
from app.core.permissions import Actor

#: Kinds whose values are known by the words of their choices.
_NAMED = frozenset({Kind.CHOICE, Kind.USER, Kind.BRANCH, Kind.CODED, Kind.AREA})
#: A list longer than this says how many more there are.
MOST_NAMED = 6


def sentence(tree: Tree, fields: Fields, author: Actor | None = None) -> str:
    """Such as “Stage is In arrears, and Heads is at least 10”; a field that has since gone raises nothing.

    `author` is whose criteria they are, where that is somebody else than the reader.
    """
    return Wording(fields, author).sentence(tree)


class Wording:
    """Words several trees over the same fields, looking up the names of users and branches once."""

    def __init__(self, fields: Fields, author: Actor | None = None) -> None:
        self._fields, self._author = fields, author
        self._labels: dict[str, dict[str, str]] = {}

    def sentence(self, tree: Tree) -> str:
        if not tree["rules"]:
            return str(_("All records"))
        return self._group(tree)

    def rule(self, item: Tree) -> str:
        """One rule, or a group in brackets."""
        if "rules" in item:
            if len(item["rules"]) == 1:
                return self.rule(item["rules"][0])
            return str(_("(%(group)s)", group=self._group(item)))
        field = self._fields.get(item["field"])
        operator = OPERATORS[field.kind].get(item["op"]) if field else None
        if field is None or operator is None:
            return str(_("unknown condition “%(name)s”", name=item["field"]))
        return self._phrase(field, operator, item.get("value"))

    def _group(self, tree: Tree) -> str:
        parts = [self.rule(item) for item in tree["rules"]]
        joint = _(", and ") if tree["match"] == "all" else _(", or ")
        return str(joint).join(parts)

    def _phrase(self, field: Field, operator: Operator, given: Any) -> str:
        try:
            values = [self._value(field, operator, value) for value in read_values(field, operator, given)]
        except DomainError:
            return str(_("unknown condition “%(name)s”", name=str(field.label)))
        if field.told is not None and operator.name == "eq" and (told := field.told(given)) is not None:
            return told
        blanks = {"field": str(field.label)}
        if operator.arity is Arity.TWO:
            blanks |= {"low": values[0], "high": values[1]}
        elif values:
            blanks["value"] = _alternatives(values)
        if field.denied is not None and operator.name in {"yes", "no"}:
            return str(field.label if operator.name == "yes" else field.denied)
        # lazy strings know the reader's language but not the blanks
        return str(operator.phrase) % blanks

    def _value(self, field: Field, operator: Operator, value: Any) -> str:
        kind = operator.reads or field.kind
        if value == ME:
            return str(_("me"))
        if kind in {Kind.MEMBER, Kind.RECORD}:
            return str(_("“%(text)s”", text=self._label(field, str(value))))
        if kind in _NAMED:
            return self._label(field, str(value))
        return _shown(value, kind)

    def _label(self, field: Field, value: str) -> str:
        if field.name not in self._labels:
            self._labels[field.name] = {key: str(label) for key, label in field.choices_for(self._author)}
        return self._labels[field.name].get(value, value)


def _shown(value: Any, kind: Kind) -> str:
    if kind is Kind.RATE:
        return formats.rate(value)
    if kind in {Kind.TEXT, Kind.CODE, Kind.SEARCH}:
        return str(_("“%(text)s”", text=value))
    return formats.display(value)


def _alternatives(values: Sequence[str]) -> str:
    named = str(_(" or ")).join(values[:MOST_NAMED])
    more = len(values) - MOST_NAMED
    if more <= 0:
        return named
    return named + str(ngettext(" or %(num)s more", " or %(num)s more", more))
