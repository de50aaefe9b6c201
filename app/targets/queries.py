"""The figures of a month: what was reached, what was meant to be, and where the rows are.

A figure and the list it leads to are made of the same criteria, so they cannot differ.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import url_for
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import joinedload, lazyload, load_only

from app.accounts.models import Branch, User, UserRole
from app.accounts.policy import in_scope
from app.core.criteria.trees import Tree, both, compile_tree, rule, to_query
from app.core.db import db
from app.core.features import Kpi, current_features
from app.core.periods import Period
from app.core.permissions import Actor, Role
from app.employers.lists import employer_fields
from app.employers.models import Employer
from app.employers.policy import visible_to
from app.targets.models import Target

LIST = "employers.index"


@dataclass(frozen=True)
class Figure:
    """One figure of a row of the dashboard. `of`: the denominator of a ratio; `target`: a count or None."""

    kpi: Kpi
    reached: int
    url: str
    of: int | None = None
    target: int | None = None

    @property
    def share(self) -> float | None:
        """Of the target, or of the denominator; None where there is nothing to divide by."""
        whole = self.of if self.kpi.denominator else self.target
        return self.reached / whole if whole else None


@dataclass(frozen=True)
class Line:
    """A branch or a specialist with its figures, in the order of the KPIs."""

    name: str
    figures: tuple[Figure, ...]
    branch_id: int
    user_id: int | None = None
    note: str = ""


@dataclass(frozen=True)
class Dashboard:
    period: Period
    totals: tuple[Figure, ...]
    branches: tuple[Line, ...]
    specialists: tuple[Line, ...]

    @property
    def aimed(self) -> tuple[int, ...]:
        """Positions of the KPIs that have targets: counts, not ratios."""
        return tuple(i for i, figure in enumerate(self.totals) if figure.kpi.denominator is None)


#: targets by KPI, branch, and user (None: of the branch itself)
Aims = Mapping[tuple[str, int, int | None], int]


@dataclass
class _Counts:
    """How many employers each branch and each owner has for a KPI's numerator and denominator."""

    kpi: Kpi
    tree: Tree
    whole_tree: Tree | None
    branches: Counter[int] = field(default_factory=Counter)
    owners: Counter[int] = field(default_factory=Counter)
    whole_branches: Counter[int] = field(default_factory=Counter)
    whole_owners: Counter[int] = field(default_factory=Counter)

    def add(self, branch_id: int, owner_id: int | None, number: int, whole: int | None) -> None:
        self.branches[branch_id] += number
        self.whole_branches[branch_id] += whole or 0
        if owner_id is not None:
            self.owners[owner_id] += number
            self.whole_owners[owner_id] += whole or 0

    @property
    def total(self) -> int:
        return self.branches.total()

    @property
    def whole_total(self) -> int | None:
        return None if self.whole_tree is None else self.whole_branches.total()


def aimed_kpis() -> list[Kpi]:
    """The KPIs for which targets are set."""
    return [kpi for kpi in current_features().kpis.values() if kpi.denominator is None]


def dashboard(period: Period, actor: Actor) -> Dashboard:
    """Everything the actor may see of a month; one counting query, whatever the number of figures."""
    kpis = list(current_features().kpis.values())
    counts = _counts_of(kpis, period, actor)
    aims = targets_of(period, actor)
    branches = branches_of(actor)
    return Dashboard(
        period,
        tuple(
            Figure(c.kpi, c.total, _rows(c.tree), c.whole_total, _sum_of_branches(c.kpi, branches, aims))
            for c in counts
        ),
        tuple(_branch_line(branch, counts, aims) for branch in branches),
        tuple(_user_line(user, counts, aims) for user in specialists_of(actor)),
    )


def _counts_of(kpis: Sequence[Kpi], period: Period, actor: Actor) -> list[_Counts]:
    """Counts every tree of every KPI by branch and owner, in one statement."""
    found = [
        _Counts(kpi, kpi.numerator(period), kpi.denominator(period) if kpi.denominator else None)
        for kpi in kpis
    ]
    trees = [tree for counts in found for tree in (counts.tree, counts.whole_tree) if tree is not None]
    query = (
        select(Employer.branch_id, Employer.owner_id, *_counted(trees, actor))
        .where(visible_to(actor))
        .group_by(Employer.branch_id, Employer.owner_id)
    )
    for branch_id, owner_id, *numbers in db.session.execute(query):
        column = iter(numbers)
        for counts in found:
            counts.add(branch_id, owner_id, next(column), None if counts.whole_tree is None else next(column))
    return found


def _counted(trees: Sequence[Tree], actor: Actor) -> list[ColumnElement[int]]:
    fields = employer_fields()
    return [func.count().filter(compile_tree(tree, fields, actor)) for tree in trees]


def _branch_line(branch: Branch, counts: Sequence[_Counts], aims: Aims) -> Line:
    figures = (
        Figure(
            c.kpi,
            c.branches[branch.id],
            _rows(both(c.tree, _only("branch", branch.id))),
            None if c.whole_tree is None else c.whole_branches[branch.id],
            aims.get((c.kpi.code, branch.id, None)),
        )
        for c in counts
    )
    return Line(branch.name, tuple(figures), branch.id)


def _user_line(user: User, counts: Sequence[_Counts], aims: Aims) -> Line:
    figures = (
        Figure(
            c.kpi,
            c.owners[user.id],
            _rows(both(c.tree, _only("owner", user.id))),
            None if c.whole_tree is None else c.whole_owners[user.id],
            aims.get((c.kpi.code, user.branch_id, user.id)),
        )
        for c in counts
    )
    return Line(user.name, tuple(figures), user.branch_id, user.id, user.branch.name)


def _only(field: str, value: int) -> Tree:
    return {"match": "all", "rules": [rule(field, "in", [str(value)])]}


def _rows(tree: Tree) -> str:
    arguments: dict[str, Any] = to_query(tree)
    return url_for(LIST, **arguments)


def _sum_of_branches(kpi: Kpi, branches: Sequence[Branch], aims: Aims) -> int | None:
    set_ones = [aim for branch in branches if (aim := aims.get((kpi.code, branch.id, None))) is not None]
    return sum(set_ones) if set_ones else None


def targets_of(period: Period, actor: Actor) -> Aims:
    """The targets of a month, by KPI, branch and (or None for the branch itself) user."""
    query = select(Target).where(Target.period == period, in_scope(actor, Target.branch_id))
    return {(t.kpi, t.branch_id, t.user_id): t.value for t in db.session.scalars(query)}


def branches_of(actor: Actor) -> Sequence[Branch]:
    """The branches in reach that have employers or users of their own."""
    busy = select(User.branch_id).union(select(Employer.branch_id).distinct())
    query = select(Branch).where(in_scope(actor, Branch.id), Branch.id.in_(busy)).order_by(Branch.path)
    return db.session.scalars(query).all()


def specialists_of(actor: Actor) -> Sequence[User]:
    """The specialists in reach, by branch: their names and that of their branch."""
    query = (
        select(User)
        .join(UserRole, UserRole.user_id == User.id)
        .where(UserRole.role == Role.SPECIALIST, User.active, in_scope(actor, User.branch_id, User.id))
        .options(
            load_only(User.id, User.name, User.branch_id),
            joinedload(User.branch).load_only(Branch.id, Branch.name),
            lazyload(User.roles),
        )
        .order_by(User.branch_id, User.id)
    )
    return db.session.scalars(query).unique().all()


def trend(kpi: Kpi, last: Period, actor: Actor, months: int = 12) -> list[tuple[Period, int, str]]:
    """A count for each of the months up to `last`, with the way to its rows."""
    periods = [last + -back for back in reversed(range(months))]
    trees = [kpi.numerator(period) for period in periods]
    query = select(*_counted(trees, actor)).select_from(Employer).where(visible_to(actor))
    numbers = db.session.execute(query).one()
    return [
        (period, number, _rows(tree)) for period, number, tree in zip(periods, numbers, trees, strict=True)
    ]
