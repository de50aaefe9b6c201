"""The left navigation: what the manifests offer, less what the reader may not do."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from flask import request, url_for
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from app.core.features import Features, NavItem, current_features
from app.core.list_parts import PAGES
from app.core.permissions import Role, current_actor, may_open

#: The groups in their order; a manifest names one of them.
GROUPS = {
    "work": _l("My work"),
    "employers": _l("Employers"),
    "outreach": _l("Outreach"),
    "insight": _l("Insight"),
    "admin": _l("Administration"),
}


@dataclass(frozen=True)
class Pin:
    """A saved view that the reader has pinned; `sole` where it has no neighbour to change places with."""

    view_id: int
    name: str
    url: str
    here: bool
    sole: bool


@dataclass(frozen=True)
class Link:
    """One line of the navigation, as the page shows it, with the pins below it."""

    label: str
    url: str
    icon: str
    here: bool
    pins: Sequence[Pin] = ()


@dataclass(frozen=True)
class Group:
    """Lines under one heading."""

    name: str
    label: str
    links: Sequence[Link]


def navigation() -> list[Group]:
    """The reader's groups, empty ones left out; the line that best fits the present page is marked."""
    if not current_user.is_authenticated:
        return []
    features, roles = current_features(), current_actor().role_set
    items, urls = _offered(features, roles), _addresses(features, roles, request.root_path)
    here = _here(items, urls)
    pins = _pins(current_user.pins, items)
    groups = []
    for name, label in GROUPS.items():
        links = [
            _link(item, urls[item.endpoint], item.endpoint == here, pins.get(item.endpoint, ()))
            for item in items
            if item.group == name
        ]
        if links:
            groups.append(Group(name, str(label), links))
    return groups


def _link(item: NavItem, url: str, here: bool, pins: Sequence[Pin]) -> Link:
    on_pin = any(pin.here for pin in pins)
    return Link(str(item.label), url, item.icon, here and not on_pin, pins)


def _pins(pins: Sequence[Any], items: Sequence[NavItem]) -> dict[str, list[Pin]]:
    """The pinned views by the line that they stand below; what the reader may not open is left out."""
    found: dict[str, list[Pin]] = {}
    lists = Counter(pin["list"] for pin in pins)
    for pin in pins:
        page = PAGES.get(pin["list"])
        endpoint = (page.endpoint if page else None) or ""
        if (above := _line_of(endpoint, items)) and may_open(current_actor(), endpoint):
            here = request.endpoint == endpoint and request.args.get("view") == str(pin["view"])
            url = url_for(endpoint, view=pin["view"])
            line = Pin(pin["view"], pin["name"], url, here, lists[pin["list"]] == 1)
            found.setdefault(above, []).append(line)
    return found


def _line_of(endpoint: str, items: Sequence[NavItem]) -> str | None:
    """A list's own line, else one of its feature's."""
    if any(item.endpoint == endpoint for item in items):
        return endpoint
    feature = endpoint.partition(".")[0]
    return next((item.endpoint for item in items if item.endpoint.partition(".")[0] == feature), None)


@lru_cache(maxsize=64)
def _offered(features: Features, roles: frozenset[Role]) -> tuple[NavItem, ...]:
    """The lines for those who hold these roles: the same on each of their pages."""
    return tuple(item for item in features.navigation if roles & features.grants[item.permission])


@lru_cache(maxsize=64)
def _addresses(features: Features, roles: frozenset[Role], _root: str) -> Mapping[str, str]:
    """Where these lines lead, under the address of the product."""
    return {item.endpoint: url_for(item.endpoint) for item in _offered(features, roles)}


def _here(items: Sequence[NavItem], urls: Mapping[str, str]) -> str | None:
    """The item of this very page, else the one with the longest address that this page lies under."""
    if request.endpoint in urls:
        return request.endpoint
    above = [
        i.endpoint for i in items if len(urls[i.endpoint]) > 1 and _under(request.path, urls[i.endpoint])
    ]
    if above:
        return max(above, key=lambda endpoint: len(urls[endpoint]))
    return next((i.endpoint for i in items if i.endpoint.partition(".")[0] == request.blueprint), None)


def _under(path: str, address: str) -> bool:
    return path.startswith(address.rstrip("/") + "/")
