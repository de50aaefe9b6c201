"""The frame around every page: put together once for all pages that have the same one.

Each part is a function of what it shows, and of nothing else: whoever is renamed, moved, given a role or
pins a view asks for another part, so that none is ever out of date. Only the token of the reader's forms and
the words that were searched for are filled in for each page.
"""

from dataclasses import dataclass
from functools import lru_cache
from secrets import token_hex
from typing import Any

from flask import current_app, request
from flask_login import current_user
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup, escape

from app.core.features import Features, current_features
from app.core.language.i18n import html_language
from app.core.links import url_if
from app.core.permissions import may
from app.core.web.navigation import Standing, groups, standing

THEME = "theme"
THEMES = ("auto", "light", "dark")
#: parts kept by each process: some 12 KB for each section, set of roles, branch and language
KEPT = 512
#: Where the token and the searched words go. Unguessable, so that no name of a view can stand for them.
_TOKEN, _SOUGHT = token_hex(16), token_hex(16)


@dataclass(frozen=True)
class Look:
    """What every part follows from: the product, its address, the language, the colours."""

    features: Features
    root: str
    language: str
    theme: str


def theme() -> str:
    """The reader's choice: auto, light or dark."""
    chosen = request.cookies.get(THEME, "auto")
    return chosen if chosen in THEMES else "auto"


def frame_head() -> Markup:
    """What stands in the head of every page: sheets and scripts."""
    return Markup(_kept(_head, _look()))  # noqa: S704 - rendered by a template


def sidebar() -> Markup:
    """The brand, the navigation with the reader's pins, and their branch."""
    reader = current_user._get_current_object()
    at, branch = None, ""
    if reader.is_authenticated:
        at, branch = standing(reader.role_set, reader.pins), reader.branch_name
    kept = _kept(_sidebar, _look(), at, branch)
    return Markup(kept.replace(_TOKEN, escape(generate_csrf())))  # noqa: S704 - rendered by a template


def topbar() -> Markup:
    """Search box, switches, and the reader's own menu."""
    reader = current_user._get_current_object()
    name, branch, search = "", "", None
    if reader.is_authenticated:
        name, branch = reader.name, reader.branch_name
        search = url_if("employers.search") if may(reader, "employers:view") else None
    sought = request.args.get("q", "") if search and request.path == search else ""
    kept = _kept(_topbar, _look(), name, branch, search)
    return Markup(  # noqa: S704 - rendered by a template
        kept.replace(_TOKEN, escape(generate_csrf())).replace(_SOUGHT, escape(sought))
    )


def _look() -> Look:
    return Look(current_features(), request.root_path, html_language(), theme())


def _kept(part: Any, *shown: object) -> str:
    """The part as it was put together before; while templates are being written, as it is now."""
    return str((part.__wrapped__ if current_app.debug else part)(*shown))


@lru_cache(maxsize=KEPT)
def _head(_look: Look) -> str:
    return _rendered("head")


@lru_cache(maxsize=KEPT)
def _sidebar(_look: Look, at: Standing | None, branch: str) -> str:
    return _rendered("sidebar", groups=groups(at) if at else (), branch=branch)


@lru_cache(maxsize=KEPT)
def _topbar(_look: Look, name: str, branch: str, search: str | None) -> str:
    return _rendered("topbar", name=name, branch=branch, search=search)


def _rendered(part: str, **names: object) -> str:
    """A part without the names that Flask gives to templates: it shows what it is given."""
    template = current_app.jinja_env.get_template(f"shared/{part}.html")
    return template.render(token=_TOKEN, sought=_SOUGHT, **names)
