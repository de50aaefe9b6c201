"""The left navigation: what the manifests offer, less what the reader may not do.

All of it follows from a `Standing`, so that the frame of a page can be kept for the next one
(core.web.frame).
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from flask import request, url_for
from flask_babel import lazy_gettext as _l

from app.core.features import Features, NavItem, current_features
from app.core.listing.declaration import PAGES
from app.core.permissions import Role, may_open

_LEADERS = frozenset({Role.MANAGER, Role.BRANCH_HEAD})
_ADMINISTRATORS = frozenset({Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN})


@dataclass(frozen=True)
class Section:
    """A heading, and the roles whose daily work lies under it: it opens for them by itself."""

    label: Any
    daily: frozenset[Role] = frozenset()


#: The groups in their order; a manifest names one of them.
GROUPS = {
    "work": Section(_l("My work"), frozenset(Role)),
    "employers": Section(_l("Employers"), frozenset(Role)),
    "leads": Section(_l("Leads and taking on"), frozenset({Role.SPECIALIST})),
    "visits": Section(_l("Visits and service"), frozenset({Role.SPECIALIST})),
    "dues": Section(_l("Contributions and arrears"), frozenset({Role.ENFORCEMENT_OFFICER})),
    "relief": Section(_l("Deferment and lower rates")),
    "outreach": Section(_l("Messages and letters"), _LEADERS),
    "insight": Section(_l("Insight"), _LEADERS),
    "records": Section(_l("Employers' records")),
    "admin": Section(_l("Administration"), _ADMINISTRATORS),
    "rules": Section(_l("Rules and channels"), _ADMINISTRATORS),
}
#: the cookie in which the browser remembers what the reader opened and closed, as `leads.1_relief.0`
COOKIE = "nav"


@dataclass(frozen=True)
class Pinned:
    """A saved view that somebody has pinned, as their pins say it."""

    view: int
    list: str
    name: str

    @property
    def endpoint(self) -> str:
        """The page of its list; empty where that has none, or is gone."""
        page = PAGES.get(self.list)
        return (page.endpoint if page else None) or ""


@dataclass(frozen=True)
class Standing:
    """All that the navigation follows from: the reader's roles and pins, and where the page is.

    `here` is the endpoint of the line that fits the page best, `open_view` the number of the pinned view that
    is open, `root` the address that the product is served under, `chosen` the groups that the reader opened
    or closed.
    """

    features: Features
    role_set: frozenset[Role]
    root: str
    pins: tuple[Pinned, ...]
    here: str | None
    open_view: int | None
    chosen: frozenset[tuple[str, bool]] = frozenset()


@dataclass(frozen=True)
class Pin:
    """A saved view below its line; `sole` where it has no neighbour to change places with."""

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
    """Lines under one heading, shown at once where it is `open`."""

    name: str
    label: str
    links: Sequence[Link]
    open: bool


def standing(role_set: frozenset[Role], pins: Iterable[Mapping[str, Any]]) -> Standing:
    """Where a reader with these roles and pins stands in the present request."""
    features, root = current_features(), request.root_path
    pinned = tuple(Pinned(pin["view"], pin["list"], pin["name"]) for pin in pins)
    asked = request.args.get("view") if pinned else None
    chosen = frozenset(_chosen(request.cookies.get(COOKIE, "")))
    fitting = (one.view for one in pinned if str(one.view) == asked and one.endpoint == request.endpoint)
    here = _here(features, role_set, root)
    return Standing(features, role_set, root, pinned, here, next(fitting, None), chosen)


def _chosen(remembered: str) -> Iterator[tuple[str, bool]]:
    """What the cookie says of groups that there are; whatever else somebody put into it is left out."""
    for part in remembered.split("_"):
        name, _dot, state = part.partition(".")
        if name in GROUPS and state in ("0", "1"):
            yield name, state == "1"


def groups(at: Standing) -> list[Group]:
    """The reader's groups, empty ones left out; the line that best fits the present page is marked."""
    items, urls = _offered(at.features, at.role_set), _addresses(at.features, at.role_set, at.root)
    pins = _pins(at, items)
    found = []
    for name, section in GROUPS.items():
        links = [
            _link(item, urls[item.endpoint], item.endpoint == at.here, pins.get(item.endpoint, ()))
            for item in items
            if item.group == name
        ]
        if links:
            found.append(Group(name, str(section.label), links, _stands_open(at, name, links)))
    return found


def _stands_open(at: Standing, name: str, links: Sequence[Link]) -> bool:
    """Where the reader is, what they opened or pinned, and their daily work, unless they closed it."""
    if any(link.here or any(pin.here for pin in link.pins) for link in links):
        return True
    daily = bool(GROUPS[name].daily & at.role_set) or any(link.pins for link in links)
    return dict(at.chosen).get(name, daily)


def _link(item: NavItem, url: str, here: bool, pins: Sequence[Pin]) -> Link:
    on_pin = any(pin.here for pin in pins)
    return Link(str(item.label), url, item.icon, here and not on_pin, pins)


def _pins(at: Standing, items: Sequence[NavItem]) -> dict[str, list[Pin]]:
    """The pinned views by the line that they stand below; what the reader may not open is left out."""
    found: dict[str, list[Pin]] = {}
    lists = Counter(pin.list for pin in at.pins)
    for pin in at.pins:
        if (above := _line_of(pin.endpoint, items)) and may_open(at, pin.endpoint):
            url = url_for(pin.endpoint, view=pin.view)
            line = Pin(pin.view, pin.name, url, pin.view == at.open_view, lists[pin.list] == 1)
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


def _here(features: Features, roles: frozenset[Role], root: str) -> str | None:
    """The item of this very page, else the one with the longest address that this page lies under."""
    urls = _addresses(features, roles, root)
    if request.endpoint in urls:
        return request.endpoint
    above = [endpoint for endpoint, url in urls.items() if len(url) > 1 and _under(request.path, url)]
    if above:
        return max(above, key=lambda endpoint: len(urls[endpoint]))
    return next((endpoint for endpoint in urls if endpoint.partition(".")[0] == request.blueprint), None)


def _under(path: str, address: str) -> bool:
    return path.startswith(address.rstrip("/") + "/")
