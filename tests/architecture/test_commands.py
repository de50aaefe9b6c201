"""Every command says what it does, and the page of commands says the same."""

from pathlib import Path

from flask import Flask

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
