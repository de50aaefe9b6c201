"""Every command says what it does, and the page of commands says the same."""

from pathlib import Path

from flask import Flask

from app import create_app
from app.config import Settings
from app.core.commands import own_commands, reference

ROOT = Path(__file__).parents[2]


def test_every_command_and_option_explains_itself(app: Flask) -> None:
    silent = [path for path, command in own_commands() if not (command.help or "").strip()]
    silent += [
        f"{path} {option.opts[0]}"
        for path, command in own_commands()
        for option in command.params
        if path != "db upgrade" and option.param_type_name == "option" and not getattr(option, "help", None)
    ]
    assert not silent


def test_every_command_is_documented(app: Flask) -> None:
    kept = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    assert kept == reference(), "run: flask commands reference > docs/commands.md"


def test_a_database_that_is_not_migrated_is_one_sentence(tmp_path: Path) -> None:
    office = create_app(Settings.from_environment({"JINNUO_HOME": str(tmp_path)}))
    for command in (["campaigns", "list"], ["employers", "show", "X"], ["segments", "list"]):
        result = office.test_cli_runner().invoke(args=command)
        assert result.exit_code == 1
        assert "flask db upgrade" in result.output
        assert len(result.output.splitlines()) == 1
