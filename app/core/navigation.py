"""The left navigation: what the manifests offer, less what the reader may not do."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from flask import request, url_for
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from app.core.features import Features, NavItem, current_features
from app.core.permissions import Role, current_actor

#: The groups in their order; a manifest names one of them.
GROUPS = {
    "work": _l("My work"),
    "employers": _l("Employers"),
    "outreach": _l("Outreach"),
    "insight": _l("Insight"),
    "admin": _l("Administration"),
}


@dataclass(frozen=True)
class Link:
    """One line of the navigation, as the page shows it."""

    label: str
    url: str
    icon: str
    here: bool


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
    items = _offered(current_features(), current_actor().role_set)
    urls = {item.endpoint: url_for(item.endpoint) for item in items}
    here = _here(items, urls)
    groups = []
    for name, label in GROUPS.items():
        links = [
            Link(str(item.label), urls[item.endpoint], item.icon, item.endpoint == here)
            for item in items
            if item.group == name
        ]
        if links:
            groups.append(Group(name, str(label), links))
    return groups


@lru_cache(maxsize=64)
def _offered(features: Features, roles: frozenset[Role]) -> tuple[NavItem, ...]:
    """The lines for those who hold these roles: the same on each of their pages."""
    return tuple(item for item in features.navigation if roles & features.grants[item.permission])


def _here(items: Sequence[NavItem], urls: dict[str, str]) -> str | None:
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
