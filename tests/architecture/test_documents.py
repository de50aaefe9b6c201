from pathlib import Path

from flask import Flask
from flask_babel import force_locale

from app.core.features import current_features
from app.core.workflow.diagrams import document, section

ROOT = Path(__file__).parents[2]
FOLDERS = {"app", "campaigns", "docs", "migrations", "static", "templates", "tests"}
FILES = {"CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "Makefile", "README.md", "pyproject.toml", "wsgi.py"}
LOCKS = {"requirements.lock", "requirements-dev.lock"}
UNTRACKED = {"var", "__pycache__"}


def test_the_workflow_diagrams_in_the_docs_are_drawn_from_the_declarations(app: Flask) -> None:
    drawn = document(current_features().workflows.values())
    kept = (ROOT / "docs" / "workflows.md").read_text(encoding="utf-8")
    assert kept == drawn, "run: flask workflows diagram > docs/workflows.md"


def test_the_architecture_shows_the_life_of_an_employer_as_it_is_declared(app: Flask) -> None:
    with force_locale("en"):
        drawn = section(current_features().workflows["lifecycle"])
    assert drawn in (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def test_the_operators_page_names_every_kind_of_list_to_import(app: Flask) -> None:
    page = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    told = {name for name in current_features().import_specs if f"| `{name}` |" in page}
    assert told == set(current_features().import_specs), "add a line to 'Lists to import'"


def test_the_top_level_holds_what_it_should_and_no_stray_file() -> None:
    there = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")}
    assert there - UNTRACKED == FOLDERS | FILES | LOCKS
