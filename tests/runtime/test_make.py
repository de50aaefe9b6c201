import shutil
import subprocess
from pathlib import Path

import pytest

from app.config import PROJECT


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A checkout without a virtual environment."""
    for name in ("Makefile", "requirements.lock", "requirements-dev.lock"):
        shutil.copy(PROJECT / name, tmp_path / name)
    return tmp_path


def make(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["make", *arguments], cwd=folder, capture_output=True, text=True, timeout=180)


def fake_python(folder: Path, body: str) -> str:
    path = folder / "fake-python"
    path.write_text(f"#!/bin/sh\n{body}\n", encoding="ascii")
    path.chmod(0o755)
    return f"PYTHON={path}"


def test_an_old_python_is_one_sentence(bare: Path) -> None:
    # An interpreter of 3.10 answers the question for 3.11 with a failure.
    result = make(bare, "run", fake_python(bare, "exit 1"))
    assert result.returncode != 0
    assert result.stderr.startswith("Jinnuo needs Python 3.11 or newer")
    assert not (bare / ".venv").exists()


def test_no_python_at_all_is_one_sentence(bare: Path) -> None:
    result = make(bare, "run", "PYTHON=")
    assert result.returncode != 0
    assert result.stderr.startswith("Jinnuo needs Python 3.11 or newer: install it")


def test_a_python_without_venv_names_the_package_to_install(bare: Path) -> None:
    result = make(bare, "run", fake_python(bare, 'case "$2" in *ensurepip*) exit 1;; esac'))
    assert result.returncode != 0
    assert "python3-venv" in result.stderr


def test_help_names_every_command_people_are_told_of(bare: Path) -> None:
    listed = make(bare, "help").stdout
    for name in ("run", "test", "bench", "lint", "install", "help"):
        assert f"make {name} " in listed
