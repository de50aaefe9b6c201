"""The wording of a letter: what its variables are, how they are filled in, and how lines become paragraphs.

Levels are numbered as GB/T 9704 has it: 一、 in 黑体, （一） in 楷体, everything else in 仿宋.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from flask_babel import lazy_gettext as _l

from app.core.errors import DomainError
from app.core.periods import Period
from app.core.rules.legal import LegalBasis, find
from campaigns.channels.letter.models import LetterVersion, VariableKind

#: The longest body and the longest value an author gives, in characters.
LONGEST, LONGEST_VALUE = 6000, 200

_VARIABLE = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_LAW = re.compile(r"\{(law|quote):([a-z][a-z0-9_]*)\}")
_ANY = re.compile(r"\{([^{}]*)\}|[{}]")
_FIRST_LEVEL = re.compile(r"[一二三四五六七八九十百]+、")
_SECOND_LEVEL = re.compile(r"（[一二三四五六七八九十百]+）")


@dataclass(frozen=True)
class Asked:
    """A variable that the author of a campaign fills in."""

    name: str
    label: str
    kind: VariableKind
    required: bool

    @classmethod
    def of(cls, version: LetterVersion) -> "tuple[Asked, ...]":
        """What a version asks for, in its order."""
        return tuple(
            cls(one["name"], one["label"], VariableKind(one["kind"]), bool(one.get("required", True)))
            for one in version.variables
        )


def wording(version: LetterVersion) -> str:
    """Everything of a version that may hold variables."""
    parts = [version.title, version.text]
    for one in version.enclosures:
        parts += [one["title"], one["text"]]
    return "\n".join(parts)


def placeholders(words: str) -> tuple[str, ...]:
    """Names of the `{variables}`, each once, in order."""
    return tuple(dict.fromkeys(_VARIABLE.findall(words)))


def bases(words: str) -> tuple[str, ...]:
    """Codes of the legal bases that are cited, each once, in order."""
    return tuple(dict.fromkeys(code for _kind, code in _LAW.findall(words)))


def strays(words: str) -> list[str]:
    """What stands in braces and is neither a variable nor a citation; a lone brace is one too."""
    known = re.compile(f"{_VARIABLE.pattern}|{_LAW.pattern}")
    found = [match.group(0) for match in _ANY.finditer(words) if not known.fullmatch(match.group(0))]
    return list(dict.fromkeys(found))


def fill(words: str, values: Mapping[str, str], law: Mapping[str, LegalBasis]) -> str:
    """Fill variables and citations in. A value is inert: braces inside it are not filled again.

    Raises DomainError naming what has no value, so that nobody receives a gap.
    """
    missing = [name for name in placeholders(words) if not values.get(name)]
    missing += [code for code in bases(words) if code not in law]
    if missing:
        raise DomainError(_l("No value for: %(names)s", names=", ".join(missing)))

    def value(match: re.Match[str]) -> str:
        if match.group(1) is not None:
            return values[match.group(1)]
        basis = law[match.group(3)]
        return str(basis) if match.group(2) == "law" else basis.quote

    return re.sub(f"{_VARIABLE.pattern}|{_LAW.pattern}", value, words)


def law_of(words: str, on: date) -> dict[str, LegalBasis]:
    """The cited bases as they stand on the day, by code; one that is not entered is absent."""
    found = {code: find(code, on) for code in bases(words)}
    return {code: basis for code, basis in found.items() if basis is not None}


def unconfirmed(words: str, on: date) -> list[str]:
    """The cited bases that nobody has entered or confirmed for the day: such a letter must not leave."""
    law = law_of(words, on)
    return [str(law.get(code, code)) for code in bases(words) if code not in law or not law[code].verified]


def paragraphs(words: str) -> list[dict[str, str]]:
    """Each line as {style, text}; empty lines fall away."""
    return [{"style": _style(line), "text": line} for raw in words.splitlines() if (line := raw.strip())]


def _style(line: str) -> str:
    if _FIRST_LEVEL.match(line):
        return "h1"
    return "h2" if _SECOND_LEVEL.match(line) else "p"


def day(value: date) -> str:
    """A date as letters write it: Arabic, in full, without leading zeros."""
    return f"{value.year}年{value.month}月{value.day}日"


def _text(given: str) -> str:
    if len(given) > LONGEST_VALUE or not given.isprintable():
        raise ValueError(given)
    return given


def _day(given: str) -> str:
    return day(date.fromisoformat(given))


def _month(given: str) -> str:
    month = Period.parse(given)
    return f"{month.year}年{month.month}月"


def _number(given: str) -> str:
    return str(int(given))


def _money(given: str) -> str:
    return f"{Decimal(given).quantize(Decimal('0.01'))}元"


def _rate(given: str) -> str:
    return f"{Decimal(given.removesuffix('%')).normalize():f}%"


_READ: Mapping[VariableKind, Callable[[str], str]] = {
    VariableKind.TEXT: _text,
    VariableKind.DATE: _day,
    VariableKind.MONTH: _month,
    VariableKind.NUMBER: _number,
    VariableKind.MONEY: _money,
    VariableKind.RATE: _rate,
}


def typed(kind: VariableKind, value: str) -> str:
    """A written value as an author types it."""
    if kind is VariableKind.DATE and (found := re.fullmatch(r"(\d+)年(\d+)月(\d+)日", value)):
        return date(*map(int, found.groups())).isoformat()
    return value.removesuffix("元") if kind is VariableKind.MONEY else value


def written(asked: Iterable[Asked], given: Mapping[str, str]) -> dict[str, str]:
    """What the author filled in, as letters write it. Raises DomainError with every value that is none."""
    values, reasons = {}, []
    for one in asked:
        raw = str(given.get(one.name) or "").strip()
        if not raw:
            if one.required:
                reasons.append(_l("Please fill in “%(label)s”.", label=one.label))
            continue
        try:
            values[one.name] = _READ[one.kind](raw)
        except (ValueError, InvalidOperation, DomainError):
            reasons.append(_l("“%(value)s” cannot be “%(label)s”.", value=raw[:40], label=one.label))
    if reasons:
        raise DomainError(_l("This letter cannot be written yet:"), reasons)
    return values
