"""The conditions of a list as an outline to be edited: groups within groups, each with its addresses."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from app.core.criteria.editing import Place, removed, turned, write_place
from app.core.criteria.sentences import Wording
from app.core.criteria.trees import DEEPEST, Tree
from app.core.listing.state import ListState

#: the URL argument value that keeps the outline open
PANEL = "conditions"


@dataclass(frozen=True)
class Node:
    """A rule (`text`) or a group (`rules`). `change` are the arguments that open a rule in the editor."""

    place: str
    remove_url: str
    text: str = ""
    change_url: str = ""
    match: str = ""
    turn_url: str = ""
    rules: Sequence["Node"] = field(default_factory=tuple)
    may_nest: bool = False

    @property
    def is_group(self) -> bool:
        return bool(self.match)


def outline(state: ListState, wording: Wording) -> Node:
    return _node(state, wording, state.tree, ())


def _node(state: ListState, wording: Wording, item: Tree, place: Place) -> Node:
    remove_url = state.with_tree(removed(state.tree, place), panel=PANEL)
    if "rules" not in item:
        return Node(
            write_place(place),
            remove_url,
            text=wording.rule(item),
            change_url=state.url(panel=PANEL, at=write_place(place), **_asked(item)),
        )
    return Node(
        write_place(place),
        remove_url,
        match=item["match"],
        turn_url=state.with_tree(turned(state.tree, place), panel=PANEL),
        rules=[_node(state, wording, one, (*place, index)) for index, one in enumerate(item["rules"])],
        may_nest=len(place) + 1 < DEEPEST,
    )


def _asked(item: Tree) -> dict[str, Any]:
    """What the editor is asked to show of a rule that is there."""
    return {"add": item["field"], "op": item["op"], "value": item.get("value", [])}
