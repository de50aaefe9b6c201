"""The terms and plans that relief declares, of some employers or of all; and what they leave owed."""

from collections import defaultdict
from collections.abc import Collection, Mapping

from sqlalchemy import Select, select

from app.contributions.models import ContributionFact
from app.contributions.policy import Facts, owed, rule_on
from app.core.db import among, db
from app.core.features import current_features
from app.core.importing.spec import Context
from app.core.periods import Period
from app.core.rules.deferring import Plan, Term
from app.core.rules.dues import Unpaid
from app.employers.models import Employer


def approved_terms(employer_ids: Collection[int] | None = None) -> dict[int, tuple[Term, ...]]:
    """The terms of deferment of these employers, or of all that have any; three statements."""
    declared = current_features().deferments
    if declared is None:
        return {}
    terms = declared.terms().subquery()
    query = select(terms).order_by(terms.c.employer_id, terms.c.first)
    if employer_ids is not None:
        query = query.where(among(terms.c.employer_id, employer_ids))
    rows = db.session.execute(query).all()
    plans = _plans({row.planned for row in rows})
    found: dict[int, list[Term]] = defaultdict(list)
    for row in rows:
        last = row.last if row.next_first is None else min(row.last, row.next_first + -1)
        found[row.employer_id].append(Term(row.first, last, tuple(plans.get(row.planned, ()))))
    return {employer_id: tuple(own) for employer_id, own in found.items()}


def with_terms(employers: Select[int] | None = None) -> list[int]:
    """The ids of the employers that have approved terms; of these, or of all."""
    declared = current_features().deferments
    if declared is None:
        return []
    terms = declared.terms().subquery()
    query = select(terms.c.employer_id).distinct().order_by(terms.c.employer_id)
    if employers is not None:
        query = query.where(terms.c.employer_id.in_(employers))
    return list(db.session.scalars(query))


def _plans(planned: Collection[int]) -> dict[int, list[Plan]]:
    """The plans that were ever agreed on, by what they stand under."""
    declared = current_features().deferments
    if not planned or declared is None:
        return {}
    one = declared.plans().subquery().c
    columns = select(one.plan_id, one.planned, one.agreed_on, one.given_up_on, one.made_up_on)
    query = columns.where(among(one.planned, planned), one.agreed_on.is_not(None)).order_by(one.plan_id)
    rows = db.session.execute(query).all()
    marks = _marks({row.plan_id for row in rows})
    found: dict[int, list[Plan]] = defaultdict(list)
    for row in rows:
        plan = Plan(row.agreed_on, marks.get(row.plan_id, ()), row.given_up_on, row.made_up_on)
        found[row.planned].append(plan)
    return found


def _marks(plan_ids: Collection[int]) -> dict[int, tuple[tuple[Period, Period], ...]]:
    declared = current_features().deferments
    if not plan_ids or declared is None:
        return {}
    marks = declared.marks().subquery().c
    query = select(marks.plan_id, marks.month, marks.through).where(among(marks.plan_id, plan_ids))
    found: dict[int, list[tuple[Period, Period]]] = defaultdict(list)
    for plan_id, month, through in db.session.execute(query.where(marks.through.is_not(None))):
        found[plan_id].append((month, through))
    return {plan_id: tuple(sorted(own)) for plan_id, own in found.items()}


def unpaid_of(employer_id: int) -> Unpaid | None:
    """What the employer owed on the day of its latest statement; for `Feature.unpaid`."""
    fact = ContributionFact
    query = select(fact).where(fact.employer_id == employer_id)
    latest = query.order_by(fact.period.desc(), fact.version.desc()).limit(1)
    found = db.session.scalars(latest).first()
    if found is None:
        return None
    terms = approved_terms([employer_id]).get(employer_id, ())
    return owed(_said(found), found.as_of, rule_on(found.as_of), terms, found.period)


def _said(fact: ContributionFact) -> Facts:
    return Facts(fact.account_status, fact.paid_through, fact.pay_day, fact.first_contribution_month)


def terms_of_run(context: Context) -> Mapping[str, tuple[Term, ...]]:
    """The terms by credit code, asked once in the run of an import: few employers have any."""
    if "terms" not in context.memory:
        terms = approved_terms()
        codes = select(Employer.id, Employer.uscc).where(among(Employer.id, list(terms)))
        named = {code: terms[id_] for id_, code in db.session.execute(codes) if code} if terms else {}
        context.memory["terms"] = named
    found: Mapping[str, tuple[Term, ...]] = context.memory["terms"]
    return found
