"""Typed settings, read once from the environment. Beside `app.environment` nothing reads ``os.environ``."""

import hashlib
import hmac
import os
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from flask import Flask, current_app

from app.environment import ConfigError, boolean, integer, log_level, number, speaks_chinese, url

PROJECT = Path(__file__).resolve().parent.parent
EXTENSION = "jinnuo.settings"
SHORTEST_SECRET = 16


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
        port = integer(env, "PORT", 8000, 1, 65535)
        gateway_port = _gateway_port(env, port)
        secret_key = _secret_key(env, home)
        upload_megabytes = integer(env, "JINNUO_UPLOAD_MEGABYTES", 64, 1, 1024)
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
            demo=boolean(env, "DEMO", not env.get("DATABASE_URL")),
            public_url=url(env, "JINNUO_PUBLIC_URL", f"http://127.0.0.1:{port}"),
            trusted_proxies=integer(env, "JINNUO_TRUSTED_PROXIES", 0, 0, 5),
            gateway_port=gateway_port,
            embedded_gateway=not env.get("JINNUO_GATEWAY_URL", "").strip(),
            gateway_url=url(env, "JINNUO_GATEWAY_URL", f"http://127.0.0.1:{gateway_port}"),
            gateway_secret=_gateway_secret(env, secret_key),
            gateway_timeout_seconds=number(env, "JINNUO_GATEWAY_TIMEOUT", 10.0, 0.1, 120.0),
            gateway_batch=integer(env, "JINNUO_GATEWAY_BATCH", 1000, 1, 10_000),
            gateway_rate=integer(env, "JINNUO_GATEWAY_RATE", 20_000, 1, 1_000_000),
            web_workers=integer(env, "JINNUO_WEB_WORKERS", 2, 1, 64),
            job_workers=integer(env, "JINNUO_JOB_WORKERS", 2, 1, 64),
            idle_minutes=integer(env, "JINNUO_IDLE_MINUTES", 30, 1, 24 * 60),
            upload_megabytes=upload_megabytes,
            attachment_megabytes=_attachment_megabytes(env, upload_megabytes),
            record_megabytes=integer(env, "JINNUO_RECORD_MEGABYTES", 200, 1, 100_000),
            fonts=_fonts(env),
            log_level=log_level(env),
            console_chinese=speaks_chinese(env),
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


def _fonts(env: Mapping[str, str]) -> Path | None:
    given = env.get("JINNUO_FONTS", "").strip()
    if not given:
        return None
    folder = Path(given).expanduser().absolute()
    if not folder.is_dir():
        raise ConfigError("JINNUO_FONTS must be a folder with font files; %(folder)s is none.", folder=folder)
    return folder


def _home(env: Mapping[str, str]) -> Path:
    home = Path(env.get("JINNUO_HOME", "").strip() or PROJECT / "var").expanduser().absolute()
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            "The instance folder %(home)s cannot be made (%(reason)s); "
            "set JINNUO_HOME to a folder that you may write to.",
            home=home,
            reason=error.strerror,
        ) from error
    return home


def _secret_key(env: Mapping[str, str], home: Path) -> str:
    given = env.get("SECRET_KEY", "").strip()
    if given:
        if len(given) < SHORTEST_SECRET:
            raise ConfigError("SECRET_KEY must have at least %(length)s characters.", length=SHORTEST_SECRET)
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
            "The secret key in %(path)s cannot be read or made (%(reason)s); "
            "make the instance folder writable or set JINNUO_HOME to one that is.",
            path=path,
            reason=getattr(error, "strerror", None) or error,
        ) from error
    if len(kept) < SHORTEST_SECRET:
        raise ConfigError(
            "The secret key in %(path)s is damaged; restore it from the backup or remove it.", path=path
        )
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
    gateway_port = integer(env, "JINNUO_GATEWAY_PORT", port + 1, 1, 65535)
    if gateway_port == port:
        raise ConfigError("PORT and JINNUO_GATEWAY_PORT are both %(port)s; they must differ.", port=port)
    return gateway_port


def _attachment_megabytes(env: Mapping[str, str], upload_megabytes: int) -> int:
    most = integer(env, "JINNUO_ATTACHMENT_MEGABYTES", min(20, upload_megabytes), 1, 1024)
    if most > upload_megabytes:
        raise ConfigError(
            "JINNUO_ATTACHMENT_MEGABYTES is %(size)s but only %(most)s MB may be uploaded; "
            "raise JINNUO_UPLOAD_MEGABYTES as well.",
            size=most,
            most=upload_megabytes,
        )
    return most


def _database_url(env: Mapping[str, str], home: Path) -> str:
    url = env.get("DATABASE_URL", "").strip() or f"sqlite:///{home / 'jinnuo.db'}"
    for short in ("postgres://", "postgresql://"):
        if url.startswith(short):
            return "postgresql+psycopg://" + url.removeprefix(short)
    if not url.startswith(("sqlite://", "postgresql+psycopg://")):
        raise ConfigError(
            "DATABASE_URL must start with postgresql:// or sqlite:///; it starts with “%(scheme)s”.",
            scheme=url.split(":", 1)[0],
        )
    return url


def _redis_url(given: str, home: Path) -> str:
    if not given:
        return "unix://" + quote(str(home / "valkey.sock"))
    if not given.startswith(("redis://", "rediss://", "unix://")):
        raise ConfigError("REDIS_URL must start with redis://, rediss:// or unix://.")
    return given
