from pathlib import Path

from flask import Flask

from app.core.diagrams import document
from app.core.features import current_features

ROOT = Path(__file__).parents[2]


def test_the_workflow_diagrams_in_the_docs_are_drawn_from_the_declarations(app: Flask) -> None:
    drawn = document(current_features().workflows.values())
    kept = (ROOT / "docs" / "workflows.md").read_text(encoding="utf-8")
    assert kept == drawn, "run: flask workflows diagram > docs/workflows.md"
