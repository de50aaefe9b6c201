"""Finds every text the product shows and tells what is wrong with its translations.

A text counts when it stands in `_()`, `_l()`, `ngettext()` or `msgid()`, in code or in a template, or is the
sentence of a `ConfigError` or the summary given to the timeline. Each feature keeps the catalogue of its own
name; a text that two catalogues hold must read the same in both.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.pofile import PoFileError, read_po

from app.config import PROJECT
from app.core.language.i18n import DEFAULT, catalogues

KEYWORDS: dict[str, tuple[int, ...] | None] = {
    "_": None,
    "_l": None,
    "gettext": None,
    "lazy_gettext": None,
    "ngettext": (1, 2),
    "lazy_ngettext": (1, 2),
    "msgid": None,
    # told before there is an application that could translate
    "ConfigError": None,
}
SOURCES = (("app", "python", "*.py"), ("campaigns", "python", "*.py"), ("templates", "jinja2", "*.html"))
TEMPLATE_OPTIONS = {"silent": "false", "newstyle_gettext": "true"}
_PLACEHOLDER = re.compile(r"%\((\w+)\)[#0\- +]?\d*(?:\.\d+)?[sdifgx]")
_PERCENT = re.compile(r"%%|%\(\w+\)[#0\- +]?\d*(?:\.\d+)?[sdifgx]|%")
#: Chinese takes its own signs: ，not a comma. Figures, as in 12:30, keep theirs.
_HALF_WIDTH = re.compile(r"[\u4e00-\u9fff\u201d][,;:!?](?!\d)")

Text = str | tuple[str, ...]


@dataclass(frozen=True)
class Use:
    """A text and where it is shown."""

    text: Text
    path: Path
    line: int

    @property
    def key(self) -> str:
        """The msgid under which catalogues keep it (of a plural pair, the singular)."""
        return self.text if isinstance(self.text, str) else self.text[0]

    def __str__(self) -> str:
        return f"{self.path.relative_to(PROJECT)}:{self.line}: {self.key!r}"


def used_texts() -> Iterator[Use]:
    """Every text of the product, file by file."""
    for folder, method, pattern in SOURCES:
        for path in sorted((PROJECT / folder).rglob(pattern)):
            yield from _texts_of(path, method)


def _texts_of(path: Path, method: str) -> Iterator[Use]:
    options = TEMPLATE_OPTIONS if method == "jinja2" else {"encoding": "utf-8"}
    with path.open("rb") as stream:
        found = extract(method, stream, keywords=KEYWORDS, options=options)
        for line, text, _comments, _context in found:
            yield Use(text if isinstance(text, str) else tuple(text), path, line)


def load(path: Path) -> Catalog:
    """One catalogue. Raises ValueError that names the file when it cannot be read."""
    try:
        with path.open("rb") as stream:
            return read_po(stream, abort_invalid=True)
    except (PoFileError, UnicodeDecodeError) as error:
        raise ValueError(f"{path.name}: {error}") from error


def problems(locale: str = DEFAULT) -> list[str]:
    """Everything wrong with a locale's translations, one sentence each; empty when all is well."""
    loaded = {path.stem: load(path) for path in catalogues(locale)}
    translated, found = _merged(loaded)
    for name, catalogue in loaded.items():
        found += [f"{name}.po: {fault}" for fault in _faults(catalogue)]
    missing = {use.key: use for use in used_texts() if use.key and use.key not in translated}
    found += [f"not translated: {use}" for use in missing.values()]
    return found


def _merged(loaded: dict[str, Catalog]) -> tuple[dict[str, str], list[str]]:
    """All translations as one mapping, and a sentence for each text that reads differently in two places."""
    owner: dict[str, tuple[str, str]] = {}
    conflicts = []
    for name, catalogue in loaded.items():
        for key, reading in _readings(catalogue):
            other, first = owner.setdefault(key, (name, reading))
            if first != reading:
                conflicts.append(f"{key!r} reads {first!r} in {other}.po but {reading!r} in {name}.po")
    return {key: reading for key, (_name, reading) in owner.items()}, conflicts


def _readings(catalogue: Catalog) -> Iterator[tuple[str, str]]:
    for message in catalogue:
        if message.id and not message.fuzzy:
            reading = _last(message.string)
            if reading:
                yield _first(message.id), reading


def _faults(catalogue: Catalog) -> Iterator[str]:
    for message in catalogue:
        if not message.id:
            continue
        if message.fuzzy:
            yield f"{_first(message.id)!r} is marked fuzzy"
        if message.pluralizable and catalogue.num_plurals != 1:
            yield 'the header lacks "Plural-Forms: nplurals=1; plural=0;"'
        if half := _HALF_WIDTH.search(_last(message.string)):
            yield f"{_first(message.id)!r}: write a full-width sign in {half[0]!r}"
        yield from _placeholder_faults(message)


def _placeholder_faults(message: Message) -> Iterator[str]:
    """A translation that uses a value the text does not have would fail when it is shown."""
    wanted = set(_PLACEHOLDER.findall(_last(message.id)))
    reading = _last(message.string)
    used = set(_PLACEHOLDER.findall(reading))
    optional = {"num"} if message.pluralizable else set()
    if reading and not (wanted - optional <= used <= wanted | optional):
        yield f"{_first(message.id)!r} has placeholders {sorted(wanted)}, its translation {sorted(used)}"
    if wanted and "%" in _PERCENT.findall(reading):
        yield f"{_first(message.id)!r}: write %% for a per-cent sign in {reading!r}"


def _first(text: str | list[str] | tuple[str, ...]) -> str:
    return text if isinstance(text, str) else text[0]


def _last(text: str | list[str] | tuple[str, ...] | None) -> str:
    return text if isinstance(text, str) else (text[-1] if text else "")
