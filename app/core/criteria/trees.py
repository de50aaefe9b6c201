"""Saved criteria: trees of rules over declared fields, and the SQL condition they make.

A tree is JSON: `{"match": "all" | "any", "rules": [{"field", "op", "value"} or a tree, ...]}`. Values are
text (a list of texts where the operator takes several, absent where it takes none), exactly as in a URL,
so that `?stage.in=in_arrears&heads.ge=10` and the saved tree are two spellings of one thing.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, and_, or_, true

from app.core.criteria.fields import Choice, Field, Kind, choices_of, read_value, write_value
from app.core.criteria.meanings import Values
from app.core.criteria.operators import OPERATORS, Arity, Operator, condition
from app.core.errors import DomainError
from app.core.permissions import Actor

__all__ = [
    "EVERYTHING",
    "Choice",
    "Field",
    "Fields",
    "Kind",
    "Tree",
    "both",
    "checked",
    "choices_of",
    "compile_tree",
    "field_map",
    "has_criteria",
    "parse_query",
    "rule",
    "rules_of",
    "to_query",
    "values_of",
]

Tree = dict[str, Any]
Fields = Mapping[str, Field]

#: The tree without rules: every row.
EVERYTHING: Tree = {"match": "all", "rules": []}

DEEPEST = 4
MOST_RULES = 50
MOST_VALUES = 500
#: from today, so that no date runs out of the calendar
LONGEST_SPAN = {Kind.PERIOD: 1200, Kind.DATE: 100_000, Kind.MOMENT: 100_000, Kind.EVENT: 100_000}

MATCH = "match"
#: the URL argument that carries a tree with groups, as JSON
NESTED = "criteria"


class Arguments(Protocol):
    """The part of werkzeug's MultiDict that reading needs."""

    def get(self, key: str) -> str | None: ...
    def items(self, multi: bool) -> Iterable[tuple[str, str]]: ...


def field_map(*groups: Iterable[Field]) -> dict[str, Field]:
    """Fields by name; two of the same name are a mistake of ours, found at start."""
    fields: dict[str, Field] = {}
    for field in (field for group in groups for field in group):
        if field.name in fields:
            raise ValueError(f"two fields are named {field.name!r}")
        fields[field.name] = field
    return fields


def rule(field: str, op: str, value: Any = None) -> Tree:
    """One rule as JSON; `checked` gives it its final form."""
    made: Tree = {"field": field, "op": op}
    return made if value is None else made | {"value": value}


def both(*trees: Tree) -> Tree:
    """The tree whose rows satisfy all of these; conditions without groups stay flat."""
    rules: list[Tree] = []
    for tree in trees:
        flat = tree["match"] == "all" or len(tree["rules"]) <= 1
        rules += tree["rules"] if flat else [tree]
    return {"match": "all", "rules": rules}


def rules_of(tree: Tree) -> Iterator[Tree]:
    """The rules of a tree, those of its groups among them."""
    for item in tree["rules"]:
        yield from rules_of(item) if "rules" in item else (item,)


def values_of(item: Tree) -> list[str]:
    """The values that a rule names, as they are saved."""
    value = item.get("value", [])
    return value if isinstance(value, list) else [value]


def checked(tree: Any, fields: Fields) -> Tree:
    """The tree in its one canonical form, or DomainError naming the field and the fault."""
    return _checked_group(tree, fields, DEEPEST, _Budget(MOST_RULES))


def compile_tree(tree: Tree, fields: Fields, actor: Actor | None) -> ColumnElement[bool]:
    """The condition of a tree for this reader; DomainError for anything it does not know."""
    return _compiled(checked(tree, fields), fields, actor)


def readable(tree: Tree, fields: Fields) -> tuple[Tree, list[Tree]]:
    """What of a saved tree can still be asked, and the rules that cannot, as their field has gone since."""
    kept: list[Tree] = []
    gone: list[Tree] = []
    for item in tree["rules"]:
        if "rules" in item:
            inner, lost = readable(item, fields)
            kept += [inner] if inner["rules"] else []
            gone += lost
        elif _can_be_asked(item, fields):
            kept.append(item)
        else:
            gone.append(item)
    return {"match": tree["match"] if kept else "all", "rules": kept}, gone


def _can_be_asked(item: Tree, fields: Fields) -> bool:
    try:
        _checked_rule(item, fields, _Budget(1))
    except DomainError:
        return False
    return True


class _Budget:
    """Counts rules down, over the whole tree."""

    def __init__(self, rules: int) -> None:
        self.left = rules

    def spend(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise DomainError(_l("Too many conditions: at most %(limit)s.", limit=MOST_RULES))


def _checked_group(tree: Any, fields: Fields, depth: int, budget: _Budget) -> Tree:
    if not isinstance(tree, dict) or tree.get("match") not in {"all", "any"}:
        raise DomainError(_l("These criteria cannot be read."))
    rules = tree.get("rules")
    if not isinstance(rules, list) or set(tree) != {"match", "rules"}:
        raise DomainError(_l("These criteria cannot be read."))
    if depth == 0:
        raise DomainError(_l("Conditions are nested too deeply: at most %(limit)s levels.", limit=DEEPEST))
    found = [
        _checked_group(item, fields, depth - 1, budget)
        if isinstance(item, dict) and "rules" in item
        else _checked_rule(item, fields, budget)
        for item in rules
    ]
    kept = [item for item in found if item.get("rules") != []]
    return {"match": tree["match"] if kept else "all", "rules": kept}


def _checked_rule(item: Any, fields: Fields, budget: _Budget) -> Tree:
    budget.spend()
    field, operator = _named(item, fields)
    values = read_values(field, operator, item.get("value"))
    made: Tree = {"field": field.name, "op": operator.name}
    texts = [write_value(value, operator.reads or field.kind) for value in values]
    if operator.arity is Arity.NONE:
        return made
    return made | {"value": texts[0] if operator.arity is Arity.ONE else texts}


def _named(item: Any, fields: Fields) -> tuple[Field, Operator]:
    if not isinstance(item, dict) or not isinstance(item.get("field"), str):
        raise DomainError(_l("These criteria cannot be read."))
    field = fields.get(item["field"])
    if field is None:
        raise DomainError(_l("There is no field “%(name)s” here.", name=item["field"]))
    operator = OPERATORS[field.kind].get(str(item.get("op")))
    if operator is None:
        raise field.refuse(_l("cannot be asked “%(op)s”.", op=item.get("op")))
    return field, operator


def read_values(field: Field, operator: Operator, given: Any) -> Values:
    """The values of a rule in their Python types, as many as the operator takes."""
    if operator.arity is Arity.NONE:
        return ()
    kind = operator.reads
    if operator.arity is Arity.ONE:
        if isinstance(given, list | dict):
            raise field.refuse(_l("please give one value."))
        value = read_value(field, given, kind)
        if kind is Kind.NUMBER and not 0 <= value <= LONGEST_SPAN[field.kind]:
            raise field.refuse(_l("the number is too large."))
        return (value,)
    many = given if isinstance(given, list) else [given]
    if not many or len(many) > MOST_VALUES:
        raise field.refuse(_l("please choose between 1 and %(limit)s values.", limit=MOST_VALUES))
    values = tuple(read_value(field, value, kind) for value in many)
    return _ordered_pair(field, values) if operator.arity is Arity.TWO else tuple(dict.fromkeys(values))


def _ordered_pair(field: Field, values: Values) -> Values:
    if len(values) != 2:
        raise field.refuse(_l("please give two values."))
    if values[0] > values[1]:
        raise field.refuse(_l("the first value must not be greater than the second."))
    return values


def _compiled(tree: Tree, fields: Fields, actor: Actor | None) -> ColumnElement[bool]:
    if not tree["rules"]:
        return true()
    parts = [
        _compiled(item, fields, actor) if "rules" in item else _compiled_rule(item, fields, actor)
        for item in tree["rules"]
    ]
    return and_(*parts) if tree["match"] == "all" else or_(*parts)


def _compiled_rule(item: Tree, fields: Fields, actor: Actor | None) -> ColumnElement[bool]:
    field, operator = _named(item, fields)
    if not field.open_to(actor):
        raise field.refuse(_l("your role may not ask about it."))
    return condition(operator, field, read_values(field, operator, item.get("value")), actor)


# -- the URL spelling ----------------------------------------------------------------------------------


def to_query(tree: Tree) -> dict[str, str | list[str]]:
    """URL arguments of a tree, for `url_for(endpoint, **to_query(tree))`; `parse_query` reads them back."""
    if any("rules" in item for item in tree["rules"]) or _hides_a_comma(tree):
        return {NESTED: json.dumps(tree, ensure_ascii=False, separators=(",", ":"))}
    query: dict[str, str | list[str]] = {}
    for item in tree["rules"]:
        value = item.get("value", "")
        text = ",".join(value) if isinstance(value, list) else value
        earlier = query.setdefault(f"{item['field']}.{item['op']}", [])
        assert isinstance(earlier, list)  # noqa: S101 - made so one line above
        earlier.append(text)
    if tree["match"] == "any" or not tree["rules"]:
        query[MATCH] = tree["match"]
    return _singles(query)


def _singles(query: dict[str, str | list[str]]) -> dict[str, str | list[str]]:
    return {
        key: value[0] if isinstance(value, list) and len(value) == 1 else value
        for key, value in query.items()
    }


def _hides_a_comma(tree: Tree) -> bool:
    """Lists are joined by commas, and rules of one key are put together: anything else goes as JSON."""
    keys = [(item["field"], item["op"]) for item in tree["rules"]]
    scattered = any(
        keys.index(key) + keys.count(key) - 1 < index for index, key in enumerate(keys) if keys.count(key) > 1
    )
    lists = [item["value"] for item in tree["rules"] if isinstance(item.get("value"), list)]
    return scattered or any("," in value for values in lists for value in values)


def has_criteria(args: Arguments) -> bool:
    """Whether a URL says anything about criteria (also: that there are none)."""
    return any(key in {MATCH, NESTED} or "." in key for key, _ in args.items(multi=True))


def parse_query(args: Arguments, fields: Fields) -> Tree:
    """The checked tree of a URL's arguments; arguments without a dot are not ours, but for two names."""
    nested = args.get(NESTED)
    if nested:
        try:
            return checked(json.loads(nested), fields)
        except (json.JSONDecodeError, RecursionError):
            raise DomainError(_l("These criteria cannot be read.")) from None
    rules = [_from_pair(key, text, fields) for key, text in args.items(multi=True) if "." in key]
    return checked({"match": args.get(MATCH) or "all", "rules": rules}, fields)


def _from_pair(key: str, text: str, fields: Fields) -> Tree:
    made = rule(*key.rsplit(".", 1))
    _, operator = _named(made, fields)
    if operator.arity is Arity.NONE:
        return made
    several = operator.arity in {Arity.TWO, Arity.MANY}
    return made | {"value": [part for part in text.split(",") if part.strip()] if several else text}
