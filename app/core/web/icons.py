"""Bootstrap's icons, taken one by one from the sprite in the Bootstrap-Flask package.

The sprite is a megabyte; a page needs a dozen of its two thousand drawings. So each is set into the page
itself, and no browser fetches the rest.
"""

import re
from functools import lru_cache
from importlib.resources import files

from markupsafe import Markup, escape

_SYMBOL = re.compile(r"(?P<tag><symbol)(?P<all>[^>]*)>(?P<body>.*?)</symbol>", re.DOTALL)


@lru_cache(maxsize=1)
def _drawings() -> dict[str, tuple[str, str]]:
    """Every drawing of the sprite: name -> (view box, shapes)."""
    sprite = files("flask_bootstrap").joinpath("static/bootstrap5/icons/bootstrap-icons.svg")
    found = {}
    for symbol in _SYMBOL.finditer(sprite.read_text(encoding="utf-8")):
        attributes = dict(re.findall(r'([\w-]+)="([^"]*)"', symbol["all"]))
        found[attributes["id"]] = (attributes["viewBox"], symbol["body"].strip())
    return found


@lru_cache(maxsize=512)
def icon(name: str, label: str = "") -> Markup:
    """Inline SVG: decoration without a label, a picture with one. KeyError for a wrong name."""
    box, shapes = _drawings()[name]
    spoken = f'role="img" aria-label="{escape(label)}"' if label else 'aria-hidden="true"'
    return Markup(f'<svg class="icon" viewBox="{box}" {spoken}>{shapes}</svg>')  # noqa: S704 from the package
