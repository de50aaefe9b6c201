"""The picture of a workflow, drawn from its declaration; `flask workflows diagram` prints it for the docs."""

from collections.abc import Iterable
from typing import Any

import click
from flask.cli import AppGroup
from flask_babel import force_locale

from app.core.features import current_features
from app.core.workflow import Workflow

group = AppGroup("workflows", help="The processes of the house.")


@group.command("diagram")
def diagram() -> None:
    """Print every workflow as a Mermaid state diagram (the text of docs/workflows.md)."""
    click.echo(document(current_features().workflows.values()), nl=False)


def document(workflows: Iterable[Workflow[Any]]) -> str:
    """A Markdown page with one diagram for each workflow, in English."""
    with force_locale("en"):
        parts = [section(workflow) for workflow in sorted(workflows, key=lambda w: w.name)]
    return (
        "# Workflows\n\nDrawn from the declarations by `flask workflows diagram`; do not edit by hand.\n"
        "Dashed steps (marked ◦) are made by the system from evidence, never by a person.\n\n"
        + "\n".join(parts)
    )


def section(workflow: Workflow[Any]) -> str:
    """One workflow's heading and diagram, in the language in force."""
    lines = [f"## {workflow.title} (`{workflow.name}`)", "", "```mermaid", "stateDiagram-v2"]
    lines += [f"    {state.name}: {state.label}" for state in workflow.states]
    for step in workflow.transitions:
        mark = "" if step.permission else "◦ "
        lines += [f"    {source} --> {step.target}: {mark}{step.label}" for source in step.sources]
    return "\n".join([*lines, "```", ""])
