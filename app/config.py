"""Typed settings, read once from the environment. Nothing else in the product reads ``os.environ``."""

import hashlib
import hmac
import os
import secrets
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote, urlsplit

from flask import Flask, current_app

PROJECT = Path(__file__).resolve().parent.parent
EXTENSION = "jinnuo.settings"
SHORTEST_SECRET = 16
TRUE = frozenset({"1", "true", "yes", "on"})
FALSE = frozenset({"0", "false", "no", "off"})
LOG_LEVELS = frozenset({"DEBUG", "INFO", "WARNING", "ERROR"})


class ConfigError(Exception):
    """A setting that cannot work. Its text is one sentence for the operator and says what to change."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything an installation may differ in. Times are in the unit their name ends with."""

    home: Path
    database_url: str
    redis_url: str
    embedded_redis: bool
    """True when REDIS_URL was not given, so ``flask up`` runs its own Valkey under ``home``."""
    host: str
    port: int
    secret_key: str = field(repr=False)
    personal_keys: Path
    """The file with the keys of personal data, made when the first value is sealed."""
    demo: bool
    public_url: str
    """Where people reach the product, without a trailing slash; links in messages start with it."""
    trusted_proxies: int
    """How many reverse proxies in front may be believed about the client's address and scheme."""
    gateway_port: int
    embedded_gateway: bool
    """True when JINNUO_GATEWAY_URL was not given, so ``flask up`` runs the gateway simulator."""
    gateway_url: str
    gateway_secret: str = field(repr=False)
    gateway_timeout_seconds: float
    gateway_batch: int
    """How many messages the gateway account takes in one request."""
    gateway_rate: int
    """How many messages a second the gateway account takes, over all workers."""
    web_workers: int
    job_workers: int
    idle_minutes: int
    upload_megabytes: int
    attachment_megabytes: int
    """The largest file that may be attached; no larger than what may be uploaded at all."""
    record_megabytes: int
    """How much may be attached to one record in all."""
    fonts: Path | None
    """A folder with fonts that the site has a licence for, such as 小标宋; None: free ones."""
    log_level: str
    console_chinese: bool
    """Whether the terminal is Chinese, by the usual locale settings: what `flask up` says follows it."""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """Read and check every setting; makes the instance folder and its secret on first use.

        Raises ConfigError with one clear sentence for the first value that cannot work.
        """
        env = os.environ if environ is None else environ
        home = _home(env)
        port = _integer(env, "PORT", 8000, 1, 65535)
        gateway_port = _gateway_port(env, port)
        secret_key = _secret_key(env, home)
        upload_megabytes = _integer(env, "JINNUO_UPLOAD_MEGABYTES", 64, 1, 1024)
        given_redis = env.get("REDIS_URL", "").strip()
        return cls(
            home=home,
            database_url=_database_url(env, home),
            redis_url=_redis_url(given_redis, home),
            embedded_redis=not given_redis,
            host=env.get("JINNUO_HOST", "").strip() or "127.0.0.1",
            port=port,
            secret_key=secret_key,
            personal_keys=Path(env.get("JINNUO_PERSONAL_KEYS", "").strip() or home / "personal.keys"),
            # people whose password is printed must not come into a database that somebody has prepared
            demo=_boolean(env, "DEMO", not env.get("DATABASE_URL")),
            public_url=_url(env, "JINNUO_PUBLIC_URL", f"http://127.0.0.1:{port}"),
            trusted_proxies=_integer(env, "JINNUO_TRUSTED_PROXIES", 0, 0, 5),
            gateway_port=gateway_port,
            embedded_gateway=not env.get("JINNUO_GATEWAY_URL", "").strip(),
            gateway_url=_url(env, "JINNUO_GATEWAY_URL", f"http://127.0.0.1:{gateway_port}"),
            gateway_secret=_gateway_secret(env, secret_key),
            gateway_timeout_seconds=_number(env, "JINNUO_GATEWAY_TIMEOUT", 10.0, 0.1, 120.0),
            gateway_batch=_integer(env, "JINNUO_GATEWAY_BATCH", 1000, 1, 10_000),
            gateway_rate=_integer(env, "JINNUO_GATEWAY_RATE", 20_000, 1, 1_000_000),
            web_workers=_integer(env, "JINNUO_WEB_WORKERS", 2, 1, 64),
            job_workers=_integer(env, "JINNUO_JOB_WORKERS", 2, 1, 64),
            idle_minutes=_integer(env, "JINNUO_IDLE_MINUTES", 30, 1, 24 * 60),
            upload_megabytes=upload_megabytes,
            attachment_megabytes=_attachment_megabytes(env, upload_megabytes),
            record_megabytes=_integer(env, "JINNUO_RECORD_MEGABYTES", 200, 1, 100_000),
            fonts=_fonts(env),
            log_level=_log_level(env),
            console_chinese=_console_chinese(env),
        )

    @property
    def secure_cookies(self) -> bool:
        """Cookies are marked Secure exactly when people come by https."""
        return self.public_url.startswith("https://")

    @property
    def limiter_redis_url(self) -> str:
        """The same Redis as Flask-Limiter spells it: a socket is ``redis+unix://`` there."""
        return self.redis_url.replace("unix://", "redis+unix://", 1)

    @property
    def logs(self) -> Path:
        """The folder of the log files of the processes that ``flask up`` runs."""
        return self.home / "logs"

    @property
    def files(self) -> Path:
        """The folder of attached files, each under its own hash."""
        return self.home / "files"

    @property
    def previews(self) -> Path:
        """Small copies of attached pictures; what is missing is made again when somebody looks."""
        return self.home / "previews"

    @property
    def valkey_socket(self) -> Path:
        """Where the embedded Valkey listens; meaningless when REDIS_URL is given."""
        return self.home / "valkey.sock"


def bind_settings(app: Flask, settings: Settings) -> None:
    """Make ``settings`` the ones that ``current_settings`` returns inside this app."""
    app.extensions[EXTENSION] = settings


def current_settings() -> Settings:
    """The settings of the running app. Raises RuntimeError outside an application context."""
    settings = current_app.extensions[EXTENSION]
    if not isinstance(settings, Settings):
        raise TypeError("The application was made without settings.")
    return settings


def _console_chinese(env: Mapping[str, str]) -> bool:
    """The first of the three that is set counts, as everywhere in POSIX."""
    said = next((env[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if env.get(name)), "")
    return said.lower().startswith("zh")


def _fonts(env: Mapping[str, str]) -> Path | None:
    given = env.get("JINNUO_FONTS", "").strip()
    if not given:
        return None
    folder = Path(given).expanduser().absolute()
    if not folder.is_dir():
        raise ConfigError(f"JINNUO_FONTS must be a folder with font files; {folder} is none.")
    return folder


def _home(env: Mapping[str, str]) -> Path:
    home = Path(env.get("JINNUO_HOME", "").strip() or PROJECT / "var").expanduser().absolute()
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"The instance folder {home} cannot be made ({error.strerror}); "
            "set JINNUO_HOME to a folder that you may write to."
        ) from error
    return home


def _secret_key(env: Mapping[str, str], home: Path) -> str:
    given = env.get("SECRET_KEY", "").strip()
    if given:
        if len(given) < SHORTEST_SECRET:
            raise ConfigError(f"SECRET_KEY must have at least {SHORTEST_SECRET} characters.")
        return given
    path = home / "secret_key"
    try:
        if not path.exists():
            _write_secret_once(path)
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            path.chmod(0o600)
        kept = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"The secret key in {path} cannot be read or made ({error}); "
            "make the instance folder writable or set JINNUO_HOME to one that is."
        ) from error
    if len(kept) < SHORTEST_SECRET:
        raise ConfigError(f"The secret key in {path} is damaged; restore it from the backup or remove it.")
    return kept


def _write_secret_once(path: Path) -> None:
    """Write a new secret so that of several processes starting at once all read the same one."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as stream:
            stream.write(secrets.token_urlsafe(48))
        if not path.exists():
            # A link, unlike a rename, never replaces the file another process just made.
            path.hardlink_to(draft)
    except FileExistsError:
        return
    finally:
        draft.unlink()


def _gateway_secret(env: Mapping[str, str], secret_key: str) -> str:
    given = env.get("JINNUO_GATEWAY_SECRET", "").strip()
    # Derived, so that the simulator and the product agree without a second file to keep.
    return given or hmac.new(secret_key.encode(), b"gateway simulator", hashlib.sha256).hexdigest()


def _gateway_port(env: Mapping[str, str], port: int) -> int:
    gateway_port = _integer(env, "JINNUO_GATEWAY_PORT", port + 1, 1, 65535)
    if gateway_port == port:
        raise ConfigError(f"PORT and JINNUO_GATEWAY_PORT are both {port}; they must differ.")
    return gateway_port


def _attachment_megabytes(env: Mapping[str, str], upload_megabytes: int) -> int:
    most = _integer(env, "JINNUO_ATTACHMENT_MEGABYTES", min(20, upload_megabytes), 1, 1024)
    if most > upload_megabytes:
        raise ConfigError(
            f"JINNUO_ATTACHMENT_MEGABYTES is {most} but only {upload_megabytes} MB may be uploaded; "
            "raise JINNUO_UPLOAD_MEGABYTES as well."
        )
    return most


def _database_url(env: Mapping[str, str], home: Path) -> str:
    url = env.get("DATABASE_URL", "").strip() or f"sqlite:///{home / 'jinnuo.db'}"
    for short in ("postgres://", "postgresql://"):
        if url.startswith(short):
            return "postgresql+psycopg://" + url.removeprefix(short)
    if not url.startswith(("sqlite://", "postgresql+psycopg://")):
        raise ConfigError(
            "DATABASE_URL must start with postgresql:// or sqlite:///; "
            f"it starts with {url.split(':', 1)[0]!r}."
        )
    return url


def _redis_url(given: str, home: Path) -> str:
    if not given:
        return "unix://" + quote(str(home / "valkey.sock"))
    if not given.startswith(("redis://", "rediss://", "unix://")):
        raise ConfigError("REDIS_URL must start with redis://, rediss:// or unix://.")
    return given


def _url(env: Mapping[str, str], name: str, default: str) -> str:
    url = (env.get(name, "").strip() or default).rstrip("/")
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or "?" in url or "#" in url:
        raise ConfigError(f"{name} must be an address like https://crm.example.cn; it is {url!r}.")
    return url


def _log_level(env: Mapping[str, str]) -> str:
    level = env.get("JINNUO_LOG_LEVEL", "").strip().upper() or "INFO"
    if level not in LOG_LEVELS:
        raise ConfigError(
            f"JINNUO_LOG_LEVEL must be one of {', '.join(sorted(LOG_LEVELS))}; it is {level!r}."
        )
    return level


def _boolean(env: Mapping[str, str], name: str, default: bool) -> bool:
    text = env.get(name, "").strip().lower()
    if text and text not in TRUE | FALSE:
        raise ConfigError(f"{name} must be 1 or 0; it is {text!r}.")
    return text in TRUE if text else default


def _integer(env: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    return _bounded(env, name, default, int, (low, high))


def _number(env: Mapping[str, str], name: str, default: float, low: float, high: float) -> float:
    return _bounded(env, name, default, float, (low, high))


N = TypeVar("N", int, float)


def _bounded(
    env: Mapping[str, str], name: str, default: N, parse: Callable[[str], N], bounds: tuple[N, N]
) -> N:
    text = env.get(name, "").strip()
    low, high = bounds
    try:
        value = parse(text) if text else default
    except ValueError:
        value = None
    if value is None or not low <= value <= high:
        shown = text or str(default)
        raise ConfigError(f"{name} must be a number from {low} to {high}; it is {shown!r}.") from None
    return value
