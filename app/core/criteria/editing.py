"""Changing one place of a tree of conditions: groups of "all" and "any" within each other.

A place is the way down to it, as indexes: `()` is the tree itself, `(1, 0)` the first rule of the second
group. In URLs it is written "1.0".
"""

from collections.abc import Callable
from typing import Any

from flask_babel import lazy_gettext as _l

from app.core.criteria.trees import DEEPEST, Tree
from app.core.errors import DomainError

Place = tuple[int, ...]
OTHER = {"all": "any", "any": "all"}


def read_place(text: str) -> Place:
    parts = text.split(".") if text else []
    if len(parts) > DEEPEST or not all(
        part.isascii() and part.isdecimal() and len(part) < 4 for part in parts
    ):
        raise _gone()
    return tuple(int(part) for part in parts)


def write_place(place: Place) -> str:
    return ".".join(map(str, place))


def item_at(tree: Tree, place: Place) -> Tree:
    """The group or rule there; DomainError when there is none."""
    for index in place:
        rules = tree.get("rules", [])
        if index >= len(rules):
            raise _gone()
        tree = rules[index]
    return tree


def removed(tree: Tree, place: Place) -> Tree:
    """Without what is there; a group that this leaves empty goes as well."""
    return _changed(tree, place, lambda _item: None) or {"match": "all", "rules": []}


def replaced(tree: Tree, place: Place, item: Tree) -> Tree:
    return _changed(tree, place, lambda _item: item) or tree


def added(tree: Tree, place: Place, item: Tree, *, grouped: bool = False) -> Tree:
    """With one more rule in the group there; `grouped`: in a new one, joined the other way."""

    def change(group: Tree) -> Tree:
        if "rules" not in group:
            raise _gone()
        new = {"match": OTHER[group["match"]], "rules": [item]} if grouped else item
        return {**group, "rules": [*group["rules"], new]}

    return _changed(tree, place, change) or tree


def turned(tree: Tree, place: Place) -> Tree:
    """With the group there joined the other way: all of its conditions, or any one of them."""
    return _changed(tree, place, lambda group: {**group, "match": OTHER[group["match"]]}) or tree


def _changed(tree: Tree, place: Place, change: Callable[[Tree], Tree | None]) -> Tree | None:
    item_at(tree, place)
    if not place:
        return change(tree)
    first, *rest = place
    inner = _changed(tree["rules"][first], tuple(rest), change)
    rules: list[Any] = [inner if index == first else item for index, item in enumerate(tree["rules"])]
    kept = [item for item in rules if item is not None and item.get("rules") != []]
    return {**tree, "rules": kept} if kept else None


def _gone() -> DomainError:
    return DomainError(_l("This condition is no longer there. Reload the page."))
