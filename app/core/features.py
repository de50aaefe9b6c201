"""The manifest of a feature: everything the house needs to know of a room, in one declaration."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Flask, current_app

from app.core.permissions import Actor, Grants, Role

if TYPE_CHECKING:
    from click import Group
    from sqlalchemy.orm import InstrumentedAttribute

    from app.core.criteria.trees import Field
    from app.core.demo import DemoPart
    from app.core.escalating import EvidenceKind, Origin
    from app.core.files.attachable import RecordKind
    from app.core.finds import SearchKind
    from app.core.handing_over import Kept, Matter
    from app.core.listing.parts import BulkAction
    from app.core.merging.moving import Mover
    from app.core.options import Option
    from app.core.periods import Period
    from app.core.personal.retaining import Retention
    from app.core.proofs import Proof
    from app.core.rules.deferring import Deferments
    from app.core.rules.dues import Unpaid
    from app.core.sendable import Sendable
    from app.core.workflow.declared import Workflow
    from app.core.workflow.parts import Guard


@dataclass(frozen=True)
class NavItem:
    """A line of the left navigation, in one of the groups of `core.web.navigation`."""

    label: Any
    endpoint: str
    permission: str
    icon: str
    group: str
    order: int = 50


@dataclass(frozen=True)
class Panel:
    """A section of the employer's page. `load(employer, actor)` gives the template's names.

    Orders below 50 stand at the side, the others, wider ones, in the main column. A `later` one is fetched
    once the page stands, so that the page asks the database no more however many features bring a panel.
    The panels of a person's page (`contact_panels`) are the same, with the contact in place of the employer.
    """

    name: str
    title: Any
    template: str
    load: Callable[[Any, Actor], Mapping[str, Any]]
    permission: str
    order: int = 50
    later: bool = False


@dataclass(frozen=True)
class WorkspaceCard:
    """A block of "my day"."""

    name: str
    title: Any
    template: str
    load: Callable[[Actor], Mapping[str, Any]]
    permission: str
    order: int = 50


@dataclass(frozen=True)
class Kpi:
    """A figure of the dashboard, as criteria over employers, so that the number and its rows cannot differ.

    `numerator(period)` and `denominator(period)` give rule trees (core.criteria.trees); without a denominator
    the figure is a count.
    """

    code: str
    label: Any
    numerator: Callable[["Period"], dict[str, Any]]
    denominator: Callable[["Period"], dict[str, Any]] | None = None
    order: int = 50


@dataclass(frozen=True)
class GuardFor:
    """A guard that one feature adds to another's transition."""

    workflow: str
    transition: str
    guard: "Guard"


@dataclass(frozen=True)
class TimelineKind:
    """A kind of timeline entry: its label and icon, and who reads it where not everybody does.

    An entry of a `contact` kind is a time that the department spoke or wrote to the employer.
    """

    name: str
    label: Any
    icon: str
    permission: str | None = None
    contact: bool = False


@dataclass(frozen=True)
class Outside:
    """Pages below an address for people who are no staff: what fails there is told by a template of the
    feature and never leads into the office. Its names: status, advice, message, reasons, and `context`'s.
    """

    prefix: str
    template: str
    context: Callable[[], Mapping[str, Any]] = dict


@dataclass(frozen=True)
class Feature:
    name: str
    blueprint: Blueprint | None = None
    navigation: tuple[NavItem, ...] = ()
    grants: Grants = field(default_factory=dict)
    panels: tuple[Panel, ...] = ()
    contact_panels: tuple[Panel, ...] = ()
    #: sections of the page that pictures an employer (app.employers.profile), in the same manner
    profile_panels: tuple[Panel, ...] = ()
    workspace: tuple[WorkspaceCard, ...] = ()
    import_specs: tuple[Any, ...] = ()
    employer_fields: tuple["Field", ...] = ()
    employer_actions: tuple["BulkAction", ...] = ()
    #: columns that keep criteria over employers beside the saved segments
    employer_criteria: tuple["InstrumentedAttribute[Any]", ...] = ()
    schedule: tuple[Any, ...] = ()
    kpis: tuple[Kpi, ...] = ()
    cli: "Group | tuple[Group, ...]" = ()
    timeline_kinds: tuple[TimelineKind, ...] = ()
    workflows: tuple["Workflow[Any]", ...] = ()
    guards: tuple[GuardFor, ...] = ()
    movers: tuple["Mover", ...] = ()
    record_kinds: tuple["RecordKind", ...] = ()
    options: tuple["Option", ...] = ()
    #: what is sent to one employer from the page of a record
    sendables: tuple["Sendable", ...] = ()
    #: what the search box finds besides employers
    search: tuple["SearchKind", ...] = ()
    retention: tuple["Retention", ...] = ()
    #: matters that may be pursued as far as enforcement, and records that prove its steps
    origins: tuple["Origin", ...] = ()
    evidence: tuple["EvidenceKind", ...] = ()
    #: what goes to somebody else when a person rotates, and which columns of users stay
    matters: tuple["Matter", ...] = ()
    #: kinds of tasks that are closed by what is recorded on the page they come from, and in no other way
    recorded_tasks: tuple[str, ...] = ()
    kept: tuple["Kept", ...] = ()
    proofs: tuple["Proof", ...] = ()
    #: approved terms that take months out of arrears; one feature has them
    deferments: "Deferments | None" = None
    #: what an employer (its id) left unpaid by its latest statement; one feature tells it
    unpaid: "Callable[[int], Unpaid | None] | None" = None
    outside: Outside | None = None
    init: Callable[[Flask], None] | None = None
    demo: "DemoPart | None" = None


class Features:
    """All manifests of one application, in the order of FEATURES."""

    def __init__(self, features: Sequence[Feature]) -> None:
        self.all = tuple(features)
        self.grants: dict[str, frozenset[Role]] = {
            str(permission): frozenset(roles)
            for feature in self.all
            for permission, roles in feature.grants.items()
        }
        self.workflows = {w.name: w for f in self.all for w in f.workflows}
        self.timeline_kinds = {k.name: k for f in self.all for k in f.timeline_kinds}
        self.kpis = {k.code: k for k in sorted(self._each("kpis"), key=lambda kpi: kpi.order)}
        self.panels = tuple(sorted(self._each("panels"), key=lambda panel: panel.order))
        self.contact_panels = tuple(sorted(self._each("contact_panels"), key=lambda panel: panel.order))
        self.profile_panels = tuple(sorted(self._each("profile_panels"), key=lambda panel: panel.order))
        self.workspace = tuple(sorted(self._each("workspace"), key=lambda card: card.order))
        self.import_specs = {spec.name: spec for spec in self._each("import_specs")}
        self.navigation = tuple(sorted(self._each("navigation"), key=lambda item: item.order))
        self.schedule = tuple(self._each("schedule"))
        self.employer_fields = tuple(self._each("employer_fields"))
        self.employer_actions: tuple[BulkAction, ...] = tuple(self._each("employer_actions"))
        self.employer_criteria: tuple[InstrumentedAttribute[Any], ...] = (*self._each("employer_criteria"),)
        self.proofs: tuple[Proof, ...] = tuple(self._each("proofs"))
        self.search = tuple(sorted(self._each("search"), key=lambda kind: kind.order))
        self.record_kinds: dict[str, RecordKind] = {kind.name: kind for kind in self._each("record_kinds")}
        self.movers = tuple(self._each("movers"))
        self.retention: dict[str, Retention] = {rule.code: rule for rule in self._each("retention")}
        self.origins: dict[str, Origin] = {origin.name: origin for origin in self._each("origins")}
        self.evidence: dict[str, EvidenceKind] = {kind.name: kind for kind in self._each("evidence")}
        self.matters: dict[str, Matter] = {matter.name: matter for matter in self._each("matters")}
        self.recorded_tasks: frozenset[str] = frozenset(self._each("recorded_tasks"))
        self.deferments: Deferments | None = next((f.deferments for f in self.all if f.deferments), None)
        self.unpaid: Callable[[int], Unpaid | None] | None = next(
            (f.unpaid for f in self.all if f.unpaid), None
        )
        self.sendables: dict[str, Sendable] = {one.kind: one for one in self._each("sendables")}
        self.kept: tuple[Kept, ...] = tuple(self._each("kept"))
        self.options: dict[str, Option] = {option.name: option for option in self._each("options")}

    def outside(self, path: str) -> Outside | None:
        """The pages for people from outside that an address belongs to."""
        found = (f.outside for f in self.all if f.outside is not None)
        return next((one for one in found if f"{path}/".startswith(f"{one.prefix}/")), None)

    def movers_of(self, table: str) -> list["Mover"]:
        """What a merge of two records of the table moves, or says why it stays."""
        return [mover for mover in self.movers if mover.of == table]

    def guards_for(self, workflow: str, transition: str) -> list["Guard"]:
        return [g.guard for g in self._each("guards") if (g.workflow, g.transition) == (workflow, transition)]

    def _each(self, attribute: str) -> Iterable[Any]:
        for feature in self.all:
            yield from getattr(feature, attribute)


def load_features(app: Flask, packages: Sequence[str]) -> Features:
    """Imports each package's manifest, registers what it declares, and keeps the lot on the application."""
    features = Features([import_module(f"{package}.feature").feature for package in packages])
    app.extensions["features"] = features
    app.extensions["grants"] = features.grants
    for feature in features.all:
        if feature.blueprint is not None:
            app.register_blueprint(feature.blueprint)
        for group in feature.cli if isinstance(feature.cli, tuple) else (feature.cli,):
            app.cli.add_command(group)
        if feature.init is not None:
            feature.init(app)
    return features


def current_features() -> Features:
    features: Features = current_app.extensions["features"]
    return features
