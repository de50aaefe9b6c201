"""A workflow's picture and the table of its states; `flask workflows diagram` prints them for the docs."""

from collections.abc import Iterable
from typing import Any

import click
from flask.cli import AppGroup
from flask_babel import force_locale

from app.core.features import current_features
from app.core.workflow.declared import Workflow
from app.core.workflow.engine import State
from app.core.workflow.parts import Nobody

group = AppGroup("workflows", help="The processes of the house.")


@group.command("diagram")
def diagram() -> None:
    """Print every workflow: a Mermaid diagram, and what its states allow and ask (docs/workflows.md)."""
    click.echo(document(current_features().workflows.values()), nl=False)


def document(workflows: Iterable[Workflow[Any]]) -> str:
    """A Markdown page with a diagram and a table for each workflow, in English."""
    with force_locale("en"):
        listed = sorted(workflows, key=lambda w: w.name)
        parts = [f"{section(workflow)}\n{table(workflow)}" for workflow in listed]
    return (
        "# Workflows\n\nDrawn from the declarations by `flask workflows diagram`; do not edit by hand.\n"
        "Dashed steps (marked ◦) are made by the system from evidence, never by a person.\n"
        "The tables say what may be done in a state besides moving on, which permission that takes, and\n"
        "which task the state opens for the owner and closes again.\n\n" + "\n".join(parts)
    )


def section(workflow: Workflow[Any]) -> str:
    """One workflow's heading and diagram, in the language in force."""
    lines = [f"## {workflow.title} (`{workflow.name}`)", "", "```mermaid", "stateDiagram-v2"]
    lines += [f"    {state.name}: {state.label}" for state in workflow.states]
    for step in workflow.transitions:
        mark = "" if step.permission else "◦ "
        lines += [f"    {source} --> {step.target}: {mark}{step.label}" for source in step.sources]
    return "\n".join([*lines, "```", ""])


def table(workflow: Workflow[Any]) -> str:
    """A Markdown table: for each state what the acts take, and the task that it opens."""
    heads = ["State", *(str(act.label) for act in workflow.acts), "Task"]
    rows = [
        [str(state.label), *(_takes(workflow, state, act.name) for act in workflow.acts), _task(state)]
        for state in workflow.states
    ]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in (heads, ["---"] * len(heads), *rows))


def _takes(workflow: Workflow[Any], state: State, act: str) -> str:
    takes = workflow.takes(state, act)
    if isinstance(takes, Nobody):
        return f"nobody: {takes.reason}"
    return f"`{takes}`" if takes else "yes"


def _task(state: State) -> str:
    due = state.deadline
    if due is None:
        return ""
    unit = "days" if due.calendar else "working days"
    named = "" if isinstance(due.limit, int) else f", setting `{due.limit.name}`"
    return f"{due.title} (within {due.usual} {unit}{named})"
