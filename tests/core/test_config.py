import re
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.config import Settings
from app.core.language.i18n import console_words
from app.environment import ConfigError


def read(home: Path, **environ: str) -> Settings:
    return Settings.from_environment({"JINNUO_HOME": str(home), **environ})


def test_an_empty_environment_gives_one_machine_with_everything_under_its_folder(tmp_path: Path) -> None:
    settings = read(tmp_path / "new" / "home")
    assert settings.home.is_dir()
    assert settings.database_url == f"sqlite:///{settings.home}/jinnuo.db"
    assert settings.redis_url == f"unix://{settings.home}/valkey.sock"
    assert settings.limiter_redis_url == f"redis+unix://{settings.home}/valkey.sock"
    assert (settings.embedded_redis, settings.embedded_gateway, settings.demo) == (True, True, True)
    assert (settings.port, settings.gateway_port, settings.public_url) == (
        8000,
        8001,
        "http://127.0.0.1:8000",
    )


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_spelling_of_a_postgresql_address_uses_the_same_driver(tmp_path: Path, scheme: str) -> None:
    assert read(tmp_path, DATABASE_URL=f"{scheme}://u:p@h/d").database_url == "postgresql+psycopg://u:p@h/d"


def test_servers_that_are_given_are_not_started_here(tmp_path: Path) -> None:
    settings = read(tmp_path, REDIS_URL="rediss://h:1/2", JINNUO_GATEWAY_URL="https://sms.example.cn/")
    assert (settings.embedded_redis, settings.embedded_gateway) == (False, False)
    assert settings.limiter_redis_url == "rediss://h:1/2"
    assert settings.gateway_url == "https://sms.example.cn"


def test_cookies_are_secure_exactly_when_people_come_by_https(tmp_path: Path) -> None:
    assert read(tmp_path, JINNUO_PUBLIC_URL="https://crm.example.cn/").secure_cookies
    assert not read(tmp_path).secure_cookies


def test_the_secret_is_made_once_for_its_owner_and_kept(tmp_path: Path) -> None:
    first = read(tmp_path).secret_key
    assert len(first) >= 48
    assert read(tmp_path).secret_key == first
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600


def test_processes_that_start_together_agree_on_one_secret(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        secrets = {settings.secret_key for settings in pool.map(lambda _: read(tmp_path), range(64))}
    assert len(secrets) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


def test_a_secret_that_others_could_read_is_closed_again(tmp_path: Path) -> None:
    read(tmp_path)
    (tmp_path / "secret_key").chmod(0o644)
    read(tmp_path)
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600


def test_no_secret_is_printed_with_the_settings(tmp_path: Path) -> None:
    settings = read(tmp_path)
    assert settings.secret_key not in repr(settings)
    assert settings.gateway_secret not in repr(settings)
    assert settings.gateway_secret != settings.secret_key


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "http"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("JINNUO_GATEWAY_PORT", "8000"),
        ("DEMO", "maybe"),
        ("SECRET_KEY", "short"),
        ("DATABASE_URL", "mysql://u:p@h/d"),
        ("REDIS_URL", "http://h"),
        ("JINNUO_PUBLIC_URL", "crm.example.cn"),
        ("JINNUO_PUBLIC_URL", "https://crm.example.cn:port"),
        ("JINNUO_PUBLIC_URL", "https://crm.example.cn/?a=b"),
        ("JINNUO_GATEWAY_TIMEOUT", "nan"),
        ("JINNUO_LOG_LEVEL", "loud"),
        ("JINNUO_WEB_WORKERS", "-1"),
    ],
)
def test_a_value_that_cannot_work_is_refused_by_name(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=name) as refusal:
        read(tmp_path, **{name: value})
    assert "\n" not in str(refusal.value)
    chinese = refusal.value.told(console_words(chinese=True))
    assert re.search(r"[\u4e00-\u9fff]", chinese), "told in the language of the terminal"
    assert name in chinese


def test_a_damaged_secret_is_refused_instead_of_replaced(tmp_path: Path) -> None:
    (tmp_path / "secret_key").write_text("x", encoding="ascii")
    with pytest.raises(ConfigError, match="damaged"):
        read(tmp_path)


def test_a_password_in_the_database_address_is_not_in_the_refusal(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refusal:
        read(tmp_path, DATABASE_URL="mysql://user:hidden@h/d")
    assert "hidden" not in str(refusal.value)


def test_a_database_of_ones_own_gets_no_demonstration_unless_it_is_asked_for(tmp_path: Path) -> None:
    own = {"DATABASE_URL": "postgresql://u:p@h/d"}
    assert not read(tmp_path, **own).demo
    assert read(tmp_path, DEMO="1", **own).demo
