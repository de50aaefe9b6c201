"""Addresses inside the product: versioned assets, and ways back that never lead elsewhere."""

from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, current_app, has_request_context, request, url_for


def safe_path(target: str | None) -> str | None:
    """The path and query of an address on this host; None for any other (an open redirect)."""
    if not target or any(sign in target for sign in "\\\r\n\t"):
        return None
    try:
        parts = urlsplit(target)
    except ValueError:
        return None
    if parts.netloc and parts.netloc != request.host:
        return None
    if (parts.scheme and not parts.netloc) or not parts.path.startswith("/") or parts.path.startswith("//"):
        return None
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def came_from() -> str | None:
    """The page that sent this request, when it is one of ours."""
    return safe_path(request.referrer)


def url_if(endpoint: str, **values: object) -> str | None:
    """The address of an endpoint that may not be installed; None when it is not."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    if endpoint not in app.view_functions:
        return None
    if len(values) == 1 and has_request_context():
        name, value = next(iter(values.items()))
        if type(value) is int:
            return _with_number(app, request.root_path, endpoint, name).replace(_NUMBER, str(value))
    return str(app.url_for(endpoint, **values))


#: stands for any number in an address that is kept
_NUMBER = "9007199254740993"


@lru_cache(maxsize=1024)
def _with_number(app: Flask, _root: str, endpoint: str, name: str) -> str:
    """The address of any record of a kind: a list has fifty that differ in their number alone.

    Whoever keeps an endpoint and a number, as stories do, need not know what the endpoint calls the number.
    """
    asked = {tuple(rule.arguments) for rule in app.url_map.iter_rules(endpoint)}
    (only,) = asked if len(asked) == 1 else ((name,),)
    number: dict[str, Any] = {only[0] if len(only) == 1 else name: int(_NUMBER)}
    return app.url_for(endpoint, **number)


def asset(filename: str, endpoint: str = "static") -> str:
    """The address of a static file with the print of its content, so that browsers may keep it for ever."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    known: dict[tuple[str, str, str], str] = app.extensions.setdefault("assets", {})
    key = (request.root_path, endpoint, filename)
    if key not in known or app.debug:
        known[key] = url_for(endpoint, filename=filename, v=_print(_folder(endpoint) / filename))
    return known[key]


def _folder(endpoint: str) -> Path:
    blueprint = current_app.blueprints.get(endpoint.partition(".")[0])
    return Path((blueprint or current_app).static_folder or "")


def _print(path: Path) -> str:
    return blake2b(path.read_bytes(), digest_size=5).hexdigest()
