"""What stands in the way of a start is one sentence, in the language of the terminal."""

import socket
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from app.config import Settings, bind_settings, current_settings
from app.core.runtime.preflight import check_ports, only_instance
from app.environment import ConfigError


@pytest.mark.parametrize(
    ("chinese", "words"), [(True, "端口 %s 已被其他程序占用；"), (False, "Port %s is taken")]
)
def test_a_taken_port_is_told_in_the_language_of_the_terminal(app: Flask, chinese: bool, words: str) -> None:
    usual = current_settings()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        bind_settings(app, replace(usual, console_chinese=chinese))
        try:
            with pytest.raises(ConfigError, match=words % port):
                check_ports(replace(usual, host="127.0.0.1", port=port))
        finally:
            bind_settings(app, usual)


def test_a_second_instance_is_told_who_holds_the_folder(app: Flask, tmp_path: Path) -> None:
    refused = pytest.raises(ConfigError, match=r"already running on .*process [0-9]+")
    with only_instance(tmp_path), refused, only_instance(tmp_path):
        pytest.fail("two instances on one folder")


@pytest.mark.parametrize(
    ("said", "chinese"),
    [({"LANG": "zh_CN.UTF-8"}, True), ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, False), ({}, False)],
)
def test_the_usual_locale_settings_decide(tmp_path: Path, said: dict[str, str], chinese: bool) -> None:
    settings = Settings.from_environment({"JINNUO_HOME": str(tmp_path), **said})
    assert settings.console_chinese is chinese
