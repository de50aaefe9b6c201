"""Languages: Chinese first, English complete. English is the msgid; every feature has its own catalogue.

All catalogues of a locale act as one. A compiled `.mo` is read when it is as new as its `.po`; otherwise
the `.po` is read itself, so that a forgotten `flask translations compile` costs a moment, never a text.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from decimal import Decimal
from functools import cached_property, lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

import flask_babel
from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations
from flask import Flask, g, has_app_context, has_request_context, request
from flask_babel import Babel, Domain, force_locale, get_locale, gettext
from markupsafe import Markup, escape

from app.config import current_settings

DEFAULT = "zh_CN"
#: In the order of the switch, each by its own name.
LOCALES = {"zh_CN": "简体中文", "en": "English"}
COOKIE = "language"
TIMEZONE = "Asia/Shanghai"
#: Texts kept by each process, of which it has some three thousand in each language.
KEPT_TEXTS = 16_384
#: Values that a placeholder such as %(num)d takes as they are.
_NUMBERS = frozenset({int, float, Decimal})
FOLDER = Path(__file__).resolve().parents[2] / "translations"


#: Parsed once: Babel takes most of a millisecond to understand a locale's name.
_PARSED = {name: Locale.parse(name) for name in LOCALES}


def speaking(language: str) -> AbstractContextManager[None]:
    """Texts inside are in that language, whatever the reader's."""
    forced: AbstractContextManager[None] = force_locale(_PARSED[language])
    return forced


def msgid(text: str) -> str:
    """Marks a text that is stored now and translated when shown; gives it back unchanged."""
    return text


def msgid_of(text: object) -> str:
    """The msgid behind a lazy text of a declaration, to be stored now and translated when shown."""
    with speaking("en"):
        return str(text)


def translated(text: str, params: Mapping[str, object] | None = None) -> str:
    """A stored msgid in the reader's language, with its placeholders filled; other text as it is.

    A placeholder without a value leaves the text unfilled rather than failing the page.
    """
    if not text:
        return ""
    shown = str(gettext(text))
    if not params:
        return shown
    try:
        return shown % params
    except (KeyError, TypeError, ValueError):
        return shown


def select_locale() -> Locale:
    """The reader's choice from the cookie, else Chinese; jobs and commands speak Chinese."""
    chosen = request.cookies.get(COOKIE, "") if has_request_context() else ""
    return _PARSED.get(chosen, _PARSED[DEFAULT])


def in_chinese() -> bool:
    """Whether the reader's language is Chinese (also outside any request)."""
    try:
        # where Flask-Babel keeps it once it is known; a page asks a thousand times, so past the proxy
        locale = g._get_current_object()._flask_babel.babel_locale or get_locale()
    except (AttributeError, RuntimeError):
        locale = get_locale()
    return locale is None or locale.language == "zh"


def to_console(text: str, **values: object) -> str:
    """What the start says to the terminal that it runs in, whose language is not the one of the pages."""
    return console_words(current_settings().console_chinese)(text, **values)


def console_words(chinese: bool) -> Callable[..., str]:
    """Gives a text, its placeholders filled, in the language of a terminal; needs no application."""

    def words(text: str, **values: object) -> str:
        shown = _text(chinese, text)
        return shown % values if values else shown

    return words


def html_language() -> str:
    """The `lang` attribute of the page."""
    return "zh-CN" if in_chinese() else "en"


def catalogues(locale: str = DEFAULT) -> list[Path]:
    """The `.po` files of a locale, by name."""
    return sorted((FOLDER / locale / "LC_MESSAGES").glob("*.po"))


def compile_catalogue(source: Path) -> bytes:
    """The `.mo` form of one `.po` file."""
    with source.open("rb") as stream:
        catalogue = read_po(stream, abort_invalid=True)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    return compiled.getvalue()


def compile_all(*, only_stale: bool = False) -> int:
    """Write every `.mo` beside its `.po`, or only those that are older than it; gives how many."""
    sources = [source for locale in LOCALES for source in catalogues(locale)]
    wanted = [source for source in sources if not (only_stale and _is_fresh(source))]
    for source in wanted:
        source.with_suffix(".mo").write_bytes(compile_catalogue(source))
    return len(wanted)


def _is_fresh(source: Path) -> bool:
    compiled = source.with_suffix(".mo")
    return compiled.exists() and compiled.stat().st_mtime >= source.stat().st_mtime


def _load(source: Path) -> Translations:
    if _is_fresh(source):
        return Translations(BytesIO(source.with_suffix(".mo").read_bytes()))
    return Translations(BytesIO(compile_catalogue(source)))


@lru_cache(maxsize=len(LOCALES))
def _merged(locale: str) -> Translations:
    """Every catalogue of the locale as one, read once per process."""
    merged = Translations()
    for source in catalogues(locale):
        loaded = _load(source)
        merged.merge(loaded)
        # merge() leaves the plural rule of the locale behind
        merged.plural = loaded.plural
    return merged


@lru_cache(maxsize=KEPT_TEXTS)
def _text(chinese: bool, text: str) -> str:
    """The text of the catalogue, its placeholders unfilled."""
    return str(_merged(DEFAULT if chinese else "en").gettext(text))


def texts_saying(words: str) -> list[str]:
    """The msgids whose text in the reader's language holds these words: so is found what is stored as one."""
    sought = words.casefold()
    return [] if not in_chinese() else [msgid for text, msgid in _chinese_texts() if sought in text]


def texts_unsaid(words: str) -> list[str]:
    """The msgids that hold these words, although the reader's text of them does not."""
    sought = words.casefold()
    if not in_chinese():
        return []
    return [msgid for text, msgid in _chinese_texts() if sought in msgid.casefold() and sought not in text]


@lru_cache(maxsize=1)
def _chinese_texts() -> Sequence[tuple[str, str]]:
    """Every Chinese text, casefolded, with its msgid; plural forms aside, as no stored text has any."""
    # gettext keeps its texts in no other place
    kept: dict[Any, str] = _merged(DEFAULT)._catalog
    return [(text.casefold(), msgid) for msgid, text in kept.items() if isinstance(msgid, str) and msgid]


class Catalogues(Domain):  # type: ignore[misc]
    """Every catalogue of the reader's locale."""

    def get_translations(self) -> Translations:
        # Babel spells zh_CN as zh_Hans_CN once it has parsed it
        return _merged(DEFAULT if in_chinese() else "en")

    def gettext(self, string: str, **variables: object) -> str:
        shown = _text(in_chinese(), string)
        return shown % variables if variables else shown


@lru_cache(maxsize=KEPT_TEXTS)
def _markup(chinese: bool, text: str) -> Markup:
    return Markup(_text(chinese, text) % {})  # noqa: S704 - a catalogue's text is the house's own


def _gettext(text: str, /, **values: object) -> Markup:
    """`_` of the templates: the house's own text is markup, what fills its placeholders is escaped."""
    if not values:
        return _markup(in_chinese(), text)
    filled = {name: value if type(value) in _NUMBERS else escape(value) for name, value in values.items()}
    return Markup(_text(in_chinese(), text) % filled)  # noqa: S704 - see above


_HOUSE = Catalogues()
_MSGIDS = Domain()


def _domain() -> Domain:
    """Where a text is looked up: in the house's catalogues, or nowhere while modules are being imported."""
    return _HOUSE if has_app_context() else _MSGIDS


class _Babel(Babel):  # type: ignore[misc]
    @cached_property
    def domain_instance(self) -> Domain:
        return _HOUSE


def init_app(app: Flask) -> None:
    """Install the languages; `_` and `ngettext` work in templates and code from here on."""
    app.config.setdefault("BABEL_DEFAULT_LOCALE", DEFAULT)
    app.config.setdefault("BABEL_DEFAULT_TIMEZONE", TIMEZONE)
    _Babel().init_app(app, locale_selector=select_locale)
    # Flask-Babel finds the domain through four proxies for each text, ten times what the text itself takes;
    # a list says three hundred. There is but this one.
    flask_babel.get_domain = _domain
    app.jinja_env.globals.update(html_language=html_language, languages=LOCALES)
    app.jinja_env.globals.update(_=_gettext, gettext=_gettext)
