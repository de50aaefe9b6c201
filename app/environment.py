"""Reading one value of the environment: what it may be, and the sentence that refuses anything else."""

import os
from collections.abc import Callable, Mapping
from typing import TypeVar
from urllib.parse import urlsplit

TRUE = frozenset({"1", "true", "yes", "on"})
FALSE = frozenset({"0", "false", "no", "off"})
LOG_LEVELS = frozenset({"DEBUG", "INFO", "WARNING", "ERROR"})


class ConfigError(Exception):
    """Something in the way of a start: one sentence for the operator that says what to change.

    ``text`` is a msgid (or a text that is translated already), as settings are read before there is an
    application; who shows it asks `told` in the language of the terminal.
    """

    def __init__(self, text: str, **values: object) -> None:
        super().__init__(text)
        self._text, self._values = text, values

    def __str__(self) -> str:
        return self._text % self._values if self._values else self._text

    def told(self, words: Callable[..., str]) -> str:
        """The sentence in the language of ``words``, which takes a msgid and its values."""
        return words(self._text, **self._values)


def speaks_chinese(environ: Mapping[str, str] | None = None) -> bool:
    """Whether the terminal is Chinese: the first of the three that is set counts, as everywhere in POSIX."""
    env = os.environ if environ is None else environ
    said = next((env[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if env.get(name)), "")
    return said.lower().startswith("zh")


def url(env: Mapping[str, str], name: str, default: str) -> str:
    url = (env.get(name, "").strip() or default).rstrip("/")
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or "?" in url or "#" in url:
        raise ConfigError(
            "%(name)s must be an address like https://crm.example.cn; it is “%(given)s”.",
            name=name,
            given=url,
        )
    return url


def log_level(env: Mapping[str, str]) -> str:
    level = env.get("JINNUO_LOG_LEVEL", "").strip().upper() or "INFO"
    if level not in LOG_LEVELS:
        raise ConfigError(
            "%(name)s must be one of %(choices)s; it is “%(given)s”.",
            name="JINNUO_LOG_LEVEL",
            choices=", ".join(sorted(LOG_LEVELS)),
            given=level,
        )
    return level


def boolean(env: Mapping[str, str], name: str, default: bool) -> bool:
    text = env.get(name, "").strip().lower()
    if text and text not in TRUE | FALSE:
        raise ConfigError("%(name)s must be 1 or 0; it is “%(given)s”.", name=name, given=text)
    return text in TRUE if text else default


def integer(env: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    return _bounded(env, name, default, int, (low, high))


def number(env: Mapping[str, str], name: str, default: float, low: float, high: float) -> float:
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
        raise ConfigError(
            "%(name)s must be a number from %(low)s to %(high)s; it is “%(given)s”.",
            name=name,
            low=low,
            high=high,
            given=text or default,
        ) from None
    return value
