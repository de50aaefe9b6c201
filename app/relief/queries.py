"""Decisions on relief: an employer's, those that a file may correct, and the figures of the register."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, case, func, select, type_coerce
from sqlalchemy.orm import aliased, joinedload

from app.core.bulk import read_rows
from app.core.db import among, db
from app.core.periods import Period
from app.core.permissions import Actor
from app.core.workflow.engine import WorkflowHistory
from app.employers.models import Employer
from app.employers.policy import in_reach, not_merged
from app.relief.models import ReliefDecision, ReliefInstalment, ReliefKind, ReliefPlan, ReliefState
from app.relief.policy import visible_to

Known = Mapping[str, Any]
DECIDED = ("to_month", "employer_rate", "employee_rate", "document_no", "decided_on")
#: what a list may tell of how many it concerns
FIGURES = ("heads", "monthly_amount")

#: states in which deferred contributions are still to be made up
OWING = (
    ReliefState.RUNNING, ReliefState.ENDED, ReliefState.ENDED_EARLY, ReliefState.OVERDUE, ReliefState.RESUMED,
)  # fmt: skip

LAST_MONTH: ColumnElement[Period] = func.coalesce(
    ReliefDecision.ended_month, ReliefDecision.to_month, type_=ReliefDecision.to_month.type
)


def employers(codes: Collection[str], accounts: Collection[str], actor: Actor | None) -> Sequence[Known]:
    """Employers of all branches by credit code or account number; `within_reach` for the actor."""
    columns = (Employer.id, Employer.uscc, Employer.employer_account_no)
    reach = in_reach(actor).label("within_reach")
    wanted = among(Employer.uscc, codes) | among(Employer.employer_account_no, accounts)
    return read_rows(select(*columns, reach).where(wanted, not_merged()))


def decisions_of(employer_ids: Collection[int]) -> dict[int, list[Known]]:
    """What was decided for these employers so far."""
    names = ("id", "employer_id", "kind", "from_month", "state", *DECIDED, *FIGURES)
    columns = [getattr(ReliefDecision, name) for name in names]
    found: dict[int, list[Known]] = defaultdict(list)
    for row in read_rows(select(*columns).where(among(ReliefDecision.employer_id, employer_ids))):
        found[row["employer_id"]].append(row)
    return found


def decisions_on(employer_id: int) -> Sequence[ReliefDecision]:
    """An employer's decisions, the latest first."""
    query = select(ReliefDecision).where(ReliefDecision.employer_id == employer_id)
    return db.session.scalars(
        query.order_by(ReliefDecision.from_month.desc(), ReliefDecision.id.desc())
    ).all()


def has_made_up(employer: Employer, _actor: Actor | None) -> Any:
    """A guard for closing an account: nothing that was deferred may be open."""
    query = select(ReliefDecision.id).where(
        ReliefDecision.employer_id == employer.id,
        ReliefDecision.kind == ReliefKind.DEFERMENT,
        ReliefDecision.state.in_(OWING),
    )
    if db.session.scalar(query.limit(1)) is None:
        return None
    return _l("What was deferred is not made up yet.")


def listed(actor: Actor | None) -> Select[ReliefDecision]:
    """The register: every decision in the actor's reach."""
    return select(ReliefDecision).where(visible_to(actor))


def standing(*states: ReliefState) -> Sequence[ReliefDecision]:
    """Every decision in one of the states, with its employer; for the clocks."""
    query = select(ReliefDecision).where(ReliefDecision.state.in_(states)).order_by(ReliefDecision.id)
    return db.session.scalars(query.options(joinedload(ReliefDecision.employer))).unique().all()


def lengthened(month: Period) -> Sequence[ReliefDecision]:
    """The decisions that were over, and whose term reaches the month after all since a list corrected it."""
    over, last = (ReliefState.ENDED, ReliefState.OVERDUE, ReliefState.PAST), LAST_MONTH
    query = select(ReliefDecision).where(
        ReliefDecision.state.in_(over), last >= month, ReliefDecision.from_month <= month
    )
    return db.session.scalars(query.order_by(ReliefDecision.id)).all()


_next = aliased(ReliefDecision)


def approved_terms() -> Select[*tuple[Any, ...]]:
    """All terms of deferment, as `core.rules.deferring.Deferments` asks: their plans stand under decisions.

    What was extended is made up with the plans of the term that came last.
    """
    term = ReliefDecision
    later = (
        _next.employer_id == term.employer_id,
        _next.kind == term.kind,
        _next.from_month > term.from_month,
        _next.state != ReliefState.WITHDRAWN,
    )
    following = select(func.min(_next.from_month)).where(*later).correlate(term).scalar_subquery()
    final = select(_next.id).where(*later, _next.state != ReliefState.EXTENDED).correlate(term)
    final_id = final.order_by(_next.from_month).limit(1).scalar_subquery()
    planned = case((term.state == ReliefState.EXTENDED, func.coalesce(final_id, term.id)), else_=term.id)
    return select(
        term.employer_id,
        term.from_month.label("first"),
        LAST_MONTH.label("last"),
        type_coerce(following, term.from_month.type).label("next_first"),
        planned.label("planned"),
    ).where(term.kind == ReliefKind.DEFERMENT, term.from_month <= LAST_MONTH)


def agreed_plans() -> Select[*tuple[Any, ...]]:
    """All make-up plans, as `core.rules.deferring.Deferments` asks."""
    one = ReliefPlan
    return select(
        one.id.label("plan_id"),
        one.decision_id.label("planned"),
        one.agreed_on,
        one.given_up_on,
        one.made_up_on,
    )


def plan_marks() -> Select[*tuple[Any, ...]]:
    """The instalments of all plans, as `core.rules.deferring.Deferments` asks."""
    one = ReliefInstalment
    return select(one.plan_id, one.month, one.through)


def still_to_come() -> ColumnElement[bool]:
    """Decisions of which something is left to do: they begin, run, or wait for what follows."""
    return ReliefDecision.state.in_((ReliefState.APPROVED, *OWING))


def employers_of(decision_ids: Collection[int]) -> list[int]:
    """Whose deferments these are."""
    query = select(ReliefDecision.employer_id).where(
        among(ReliefDecision.id, decision_ids), ReliefDecision.kind == ReliefKind.DEFERMENT
    )
    return sorted(set(db.session.scalars(query)))


def followers() -> Mapping[int, int]:
    """Which decisions are followed without a gap by another of the same kind: (id, id of the next)."""
    query = select(
        ReliefDecision.id, LAST_MONTH, _next.id, _next.from_month
    ).join(
        _next, (_next.employer_id == ReliefDecision.employer_id) & (_next.kind == ReliefDecision.kind)
    ).where(
        _next.from_month > ReliefDecision.from_month, _next.state != ReliefState.WITHDRAWN
    )  # fmt: skip
    return {id_: next_id for id_, last, next_id, begins in db.session.execute(query) if begins == last + 1}


def with_plans(employer_ids: Collection[int] | None) -> Sequence[ReliefDecision]:
    """The decisions whose end statements may show: of these employers, or of all."""
    states = (ReliefState.RESUMED, ReliefState.ENDED, ReliefState.ENDED_EARLY, ReliefState.OVERDUE)
    query = select(ReliefDecision).where(ReliefDecision.state.in_(states)).order_by(ReliefDecision.id)
    if employer_ids is not None:
        query = query.where(among(ReliefDecision.employer_id, employer_ids))
    # what an import has just written past the session is read anew
    fresh = query.options(joinedload(ReliefDecision.employer)).execution_options(populate_existing=True)
    db.session.flush()
    return db.session.scalars(fresh).unique().all()


def falsely_restored(employer_ids: Collection[int] | None) -> dict[int, ReliefState]:
    """Rate cuts that a statement had shown as over, where that statement was corrected or taken back since
    and the rate is the reduced one again: the state that each was in before, by id.

    What later statements show is another matter: an employer may choose a lower rate of its own.
    """
    rows, term = WorkflowHistory, ReliefDecision
    own = (rows.workflow == "relief") & (rows.record_id == term.id)
    last = select(func.max(rows.id)).where(own).correlate(term).scalar_subquery()
    query = (
        select(term.id, rows.source, rows.evidence, Employer.statement_period)
        .join(Employer, Employer.id == term.employer_id)
        .join(rows, rows.id == last)
        .where(
            term.state == ReliefState.RESTORED,
            rows.transition == "statement_restored",
            Employer.employer_rate.is_(None) | (Employer.employer_rate <= term.employer_rate),
        )
    )
    if employer_ids is not None:
        query = query.where(among(term.employer_id, employer_ids))
    return {
        id_: ReliefState(source)
        for id_, source, proof, latest in db.session.execute(query)
        if (shown := proof.get("statement")) and (latest is None or latest <= Period.parse(shown))
    }


def falsely_made_up(employer_ids: Collection[int] | None) -> dict[int, ReliefState]:
    """Deferments that a statement had shown as made up and the latest one does not any more, of these
    employers or of all: the state that each was in before, by id.
    """
    rows, term = WorkflowHistory, ReliefDecision
    own = (rows.workflow == "relief") & (rows.record_id == term.id)
    last = select(func.max(rows.id)).where(own).correlate(term).scalar_subquery()
    query = (
        select(term.id, rows.source)
        .join(Employer, Employer.id == term.employer_id)
        .join(rows, rows.id == last)
        .where(
            term.state == ReliefState.MADE_UP,
            term.kind == ReliefKind.DEFERMENT,
            rows.transition == "statement_made_up",
            Employer.paid_through.is_(None) | (Employer.paid_through < LAST_MONTH),
        )
    )
    if employer_ids is not None:
        query = query.where(among(term.employer_id, employer_ids))
    return {id_: ReliefState(source) for id_, source in db.session.execute(query)}


@dataclass
class Figure:
    """One kind within a span of months. An employer counts once; `unknown` decisions have no figures."""

    kind: ReliefKind
    heads_of: dict[int, int] = field(default_factory=dict)
    amount: Decimal = Decimal(0)
    decisions: int = 0
    unknown: int = 0

    @property
    def employers(self) -> int:
        return len(self.heads_of)

    @property
    def heads(self) -> int:
        return sum(self.heads_of.values())

    def add(self, one: Any, months: int) -> None:
        self.decisions += 1
        self.unknown += one.heads is None or one.monthly_amount is None
        self.heads_of[one.employer_id] = max(self.heads_of.get(one.employer_id, 0), one.heads or 0)
        self.amount += (one.monthly_amount or Decimal(0)) * months


@dataclass(frozen=True)
class Span:
    """A row of the register's figures: what held in any of these months; `first` None: from the beginning."""

    title: Any
    first: Period | None
    last: Period

    def months_of(self, one: Any) -> int:
        """How many of its months lie in the span."""
        start = max(one.from_month, self.first) if self.first else one.from_month
        months: int = min(one.last_month, self.last) - start + 1
        return max(0, months)


def figures(spans: Iterable[Span], actor: Actor) -> list[tuple[Span, list[Figure]]]:
    """The totals of each span by kind, of what is in the actor's reach; one statement."""
    rows = db.session.execute(
        select(
            ReliefDecision.employer_id, ReliefDecision.kind, ReliefDecision.from_month,
            LAST_MONTH.label("last_month"), ReliefDecision.heads, ReliefDecision.monthly_amount,
        ).where(visible_to(actor))
    ).all()  # fmt: skip
    found = []
    for span in spans:
        by_kind = {kind: Figure(kind) for kind in ReliefKind}
        for one in rows:
            if months := span.months_of(one):
                by_kind[one.kind].add(one, months)
        found.append((span, list(by_kind.values())))
    return found
