"""Every command says what it does, and the page of commands says the same."""

import json
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app import create_app
from app.accounts.demo import PEOPLE
from app.accounts.queries import user_by_name
from app.config import Settings, current_settings
from app.core.db import db
from app.core.runtime.commands import own_commands, reference
from app.core.runtime.launch import prepare
from app.core.signing_in.passwords import matches
from app.environment import ConfigError
from campaigns.gateways.simulator import store_path
from campaigns.gateways.simulator_store import Store
from tests.factories import create_branch, create_employer, create_user

ROOT = Path(__file__).parents[2]

#: They run on until stopped, write a file or a page that is its own form, or have nothing to say.
WITHOUT_DATA = {
    *(
        "up",
        "web",
        "worker",
        "schedule",
        "gateway simulator",
        "gateway code",
        "campaigns sweep",
        "db upgrade",
    ),
    *("translations compile", "translations check", "commands reference", "workflows diagram"),
}


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


def test_every_other_command_has_its_data_as_json(app: Flask) -> None:
    plain = {
        path
        for path, command in own_commands()
        if not any("--json" in option.opts for option in command.params)
    }
    assert plain == WITHOUT_DATA


def test_a_database_that_is_not_migrated_is_one_sentence(tmp_path: Path) -> None:
    office = create_app(Settings.from_environment({"JINNUO_HOME": str(tmp_path)}))
    for command in (["campaigns", "list"], ["employers", "show", "X"], ["segments", "list"]):
        result = office.test_cli_runner().invoke(args=command)
        assert result.exit_code == 1
        assert "flask db upgrade" in result.output
        assert len(result.output.splitlines()) == 1


def test_a_damaged_database_is_one_sentence_at_the_start_and_in_a_command(tmp_path: Path) -> None:
    (tmp_path / "jinnuo.db").write_bytes(b"torn" * 4096)
    office = create_app(Settings.from_environment({"JINNUO_HOME": str(tmp_path)}))
    with office.app_context(), pytest.raises(ConfigError, match="restore it from the latest backup"):
        prepare(current_settings())
    result = office.test_cli_runner().invoke(args=["users", "list"])
    assert result.exit_code == 1
    assert "数据库文件已损坏" in result.output
    assert len(result.output.splitlines()) == 1


def test_a_command_that_prints_data_prints_it_as_json(app: Flask) -> None:
    top = create_branch(code="TOP")
    create_user(username=PEOPLE[0].username, branch=top)
    create_employer(top)
    db.session.commit()

    def printed(*arguments: str) -> Any:
        result = app.test_cli_runner().invoke(args=[*arguments, "--json"])
        assert result.exit_code == 0, result.output
        db.session.rollback()
        return json.loads(result.stdout)

    made = printed("branches", "create", "--code", "NORTH", "--name", "北区管理部")
    assert (made["code"], made["path"]) == ("NORTH", f"{top.path}{made['id']}/")
    renewed = printed("users", "reset-password", PEOPLE[0].username)
    assert matches(user_by_name(renewed["username"]).password_hash, renewed["password"])
    assert [one["username"] for one in printed("demo", "logins")] == [PEOPLE[0].username]
    assert printed("employers", "reindex") == {"employers": 1}
    assert printed("arrears", "reckon") == {"employers": 0}
    assert printed("demo", "load") == {"loaded": False, "employers": 1}
    assert printed("users", "first-administrator") == {}
    key = printed("personal", "rotate-key")
    assert printed("personal", "rotate-key", "--prepare") == {
        "key": key["key"] + 1,
        "in_use": False,
        "values": 0,
    }
    reply = printed("gateway", "reply", "13800000001", "好的")
    store = Store(store_path(current_settings()))
    assert [one["id"] for one in store.due_replies()] == [reply["id"]]
    store.close()
