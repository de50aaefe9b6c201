"""What a form's select offers, from the pairs of value and label that the rest of the house speaks in."""

from collections.abc import Iterable, Mapping
from typing import Any

from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined] # newer than the stubs


def offered(pairs: Mapping[Any, Any] | Iterable[tuple[Any, Any]]) -> list[Any]:
    """Choices of a SelectField or RadioField, in the order given; WTForms takes no tuples any more."""
    items = pairs.items() if isinstance(pairs, Mapping) else pairs
    return [SelectChoice(value, label) for value, label in items]
