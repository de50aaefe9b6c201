"""The wording of a letter: what its variables are, how they are filled in, and how lines become paragraphs.

Levels are numbered as GB/T 9704 has it: 一、 in 黑体, （一） in 楷体, everything else in 仿宋. Lines that
begin with “|” are a table, its head first, cells between “|”; a value of several lines makes as many rows.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from itertools import groupby
from typing import Any

from flask_babel import lazy_gettext as _l

from app.core.errors import DomainError
from app.core.periods import Period
from app.core.rules.legal import LegalBasis, find
from campaigns.channels.letter.models import LetterVersion, VariableKind

#: The longest body and the longest value an author gives, in characters.
LONGEST, LONGEST_VALUE = 6000, 200
#: Columns of a table that the type area of 156 mm holds.
MOST_COLUMNS = 6

_VARIABLE = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_LAW = re.compile(r"\{(law|quote):([a-z][a-z0-9_]*)\}")
_ANY = re.compile(r"\{([^{}]*)\}|[{}]")
_FIRST_LEVEL = re.compile(r"[一二三四五六七八九十百]+、")
_RULE = re.compile(r"[|｜:\s-]*-[|｜:\s-]*")
_FIGURE = re.compile(r"[\d,，.]+(元|%|人|个月)?")
_ENDS = ("。", "；")
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
    _demand(words, values, law)
    return _filled(words, _in_a_line(values), law)


def _in_a_line(values: Mapping[str, str]) -> dict[str, str]:
    return {name: value.replace("\n", "、") for name, value in values.items()}


def _demand(words: str, values: Mapping[str, str], law: Mapping[str, LegalBasis]) -> None:
    missing = [name for name in placeholders(words) if not values.get(name)]
    missing += [code for code in bases(words) if code not in law]
    if missing:
        raise DomainError(_l("No value for: %(names)s", names=", ".join(missing)))


def _filled(words: str, values: Mapping[str, str], law: Mapping[str, LegalBasis]) -> str:
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


Parts = list[dict[str, Any]]


def paragraphs(words: str) -> Parts:
    """Each line as {style, text}, empty ones fall away; tables as {style, head, rows, figures}."""
    return [part for lines, table in _blocks(words) for part in (_table(lines) if table else _plain(lines))]


def laid_out(words: str, values: Mapping[str, str], law: Mapping[str, LegalBasis]) -> Parts:
    """`paragraphs` of a wording that is filled in. Cells are told apart before: no value makes another one.

    Raises DomainError as `fill` does.
    """
    _demand(words, values, law)
    found, in_a_line = [], _in_a_line(values)
    for lines, table in _blocks(words):
        if table:
            found += _table(lines, lambda cell: _filled(cell, values, law))
        else:
            found += _plain(_filled("\n".join(lines), in_a_line, law).splitlines())
    return found


def _blocks(words: str) -> list[tuple[list[str], bool]]:
    """Lines that belong together, and whether they are a table."""
    lines = [line for raw in words.splitlines() if (line := raw.strip())]
    return [(list(group), table) for table, group in groupby(lines, key=lambda line: line[0] in "|｜")]


def _plain(lines: Iterable[str]) -> Parts:
    return [{"style": _style(line), "text": line} for raw in lines if (line := raw.strip())]


def _table(lines: Sequence[str], filled: Callable[[str], str] = str) -> Parts:
    head, *body = tables("\n".join(lines))[0]
    rows = [row for cells in body for row in _rows([filled(cell) for cell in cells])]
    columns = [[row[n] for row in rows if n < len(row)] for n in range(len(head))]
    figures = [bool(cells) and all(_FIGURE.fullmatch(cell) for cell in cells) for cells in columns]
    return [{"style": "table", "head": [filled(cell) for cell in head], "rows": rows, "figures": figures}]


def _rows(cells: Sequence[str]) -> list[list[str]]:
    """A line as its rows: a cell of several lines gives each row one of them, others stand in all."""
    split = [cell.split("\n") for cell in cells]
    many = max(len(one) for one in split)
    return [[one[0] if len(one) == 1 else (one + [""] * many)[n] for one in split] for n in range(many)]


def tables(words: str) -> list[list[list[str]]]:
    """The tables of a wording as lines of cells, the head first; a line of dashes below it means nothing."""
    return [
        [_cells(line) for line in lines if not _RULE.fullmatch(line)]
        for lines, table in _blocks(words)
        if table
    ]


def _cells(line: str) -> list[str]:
    inner = line.replace("｜", "|").removeprefix("|").removesuffix("|")
    return [cell.strip() for cell in inner.split("|")]


def _style(line: str) -> str:
    if line.endswith(_ENDS):
        return "p"  # an item that is a sentence is no heading
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
