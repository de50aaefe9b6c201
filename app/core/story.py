"""Stored sentences, of the timeline and of tasks: a msgid, its values, and the reader's language."""

from collections.abc import Mapping
from typing import Any

from app.core.code_tables import label
from app.core.features import current_features
from app.core.language import formats
from app.core.language.i18n import translated
from app.core.periods import Period


def told(summary: str, params: Mapping[str, Any]) -> str:
    """The sentence of an entry; a change of state names its workflow and states by their labels.

    A value that is itself a stored sentence is given as `{"msgid": …, "params": {…}}`, one that is a code as
    `{"code_table": …, "code": …}`, one that is a month as `{"period": "202209"}`.
    """
    params = {key: _value(value) for key, value in params.items()}
    workflow = current_features().workflows.get(str(params.get("workflow", "")))
    if workflow is None:
        return translated(summary, params)
    labels = {state.name: state.label for state in workflow.states}
    named = {key: labels.get(value, value) for key, value in params.items()}
    return translated(summary, {**named, "workflow": workflow.title})


def _value(value: Any) -> Any:
    if isinstance(value, Mapping) and "msgid" in value:
        return translated(value["msgid"], value.get("params"))
    if isinstance(value, Mapping) and "code_table" in value:
        return label(value["code_table"], value.get("code"))
    if isinstance(value, Mapping) and "period" in value:
        return formats.period(Period.parse(value["period"]))
    return value
