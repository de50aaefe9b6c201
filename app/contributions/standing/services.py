"""What was reckoned when a statement came is reckoned anew when approved terms are others, or are over."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from sqlalchemy import delete, select

from app.contributions.models import ContributionFact
from app.contributions.policy import Facts, reckoned, rule_on
from app.contributions.standing.models import LaterReading
from app.contributions.standing.policy import SPEAKS_FOR
from app.contributions.terms.queries import approved_terms
from app.core.bulk import insert_rows, read_tuples, update_rows
from app.core.clock import today
from app.core.db import among, db
from app.core.periods import Period
from app.core.rules.deferring import Term
from app.core.rules.dues import due_date
from app.core.undoing.reversible import table_of
from app.employers.models import Employer

#: employers at a time: their facts of all years are in memory at once
CHUNK = 500
_READINGS = table_of(LaterReading)
Terms = Mapping[int, tuple[Term, ...]]


class _Fact(NamedTuple):
    """The fact in force of a month, and the months in arrears as they are reckoned now."""

    id: int
    day: date
    months: int
    said: Facts


class _Read(NamedTuple):
    day: date
    months: int


#: of each employer, by month
_InForce = Mapping[int, Mapping[Period, _Fact]]


def reckon_anew(employer_ids: Collection[int], *, noticing: bool = False) -> list[int]:
    """Months in arrears of each fact of these employers, on the day of its statement; gives whose changed.

    Facts stay what the statements said: only what follows from them is written. What a later statement says
    of an employer counts for the employer itself. Nobody edited it thereby: an undo does not ask about it.
    With `noticing` the latest statement of each is read again where deferment has ended since.
    """
    ids, changed = sorted(employer_ids), list[int]()
    db.session.flush()
    for start in range(0, len(ids), CHUNK):
        changed += _reckon(ids[start : start + CHUNK], noticing)
    if changed:
        db.session.expire_all()
    return changed


def _reckon(employer_ids: Sequence[int], noticing: bool) -> list[int]:
    terms, fact = approved_terms(employer_ids), ContributionFact
    said = (fact.account_status, fact.paid_through, fact.pay_day, fact.first_contribution_month)
    columns = (fact.id, fact.employer_id, fact.period, fact.as_of, fact.arrears_months, *said)
    query = select(*columns).where(among(fact.employer_id, employer_ids))
    written: list[dict[str, Any]] = []
    in_force: dict[int, dict[Period, _Fact]] = defaultdict(dict)
    touched: set[int] = set()
    for id_, employer_id, period, day, before, *told in read_tuples(
        query.order_by(fact.period, fact.version)
    ):
        facts = Facts(*told)
        months, _stage = reckoned(facts, day, rule_on(day), terms.get(employer_id, ()), period)
        in_force[employer_id][period] = _Fact(id_, day, months, facts)
        if months != before:
            written.append({"id": id_, "arrears_months": months})
            touched.add(employer_id)
    update_rows(table_of(fact), written)
    again = _read_again(in_force, terms)
    return sorted(touched | _note(employer_ids, in_force, again, noticing) | _follow(in_force, again))


def _read_again(in_force: _InForce, terms: Terms) -> dict[int, _Read]:
    """The facts that showed nothing due, but do on a later day before the next statement; by id."""
    found: dict[int, _Read] = {}
    for employer_id, own in terms.items():
        steps = list(in_force.get(employer_id, {}).items())
        following = [*(fact.day for _period, fact in steps[1:]), today() + timedelta(days=1)]
        # an employer may be deferred before any statement names it
        for (period, fact), end in zip(steps, following, strict=False):
            if not fact.months and (read := _turned(fact, period, end, own)):
                found[fact.id] = read
    return found


def _turned(fact: _Fact, period: Period, end: date, terms: tuple[Term, ...]) -> _Read | None:
    """The first day before `end` on which months are due since a term ended or its plan was given up."""
    first = fact.said.paid + 1 if fact.said.paid else fact.said.first
    if first is None:
        return None
    ended = [term.last.last_day + timedelta(days=1) for term in terms]
    given_up = [plan.given_up_on for term in terms for plan in term.plans if plan.given_up_on]
    speaks_until = min(end, fact.day + timedelta(days=SPEAKS_FOR.value(fact.day)))
    for turn in sorted({*ended, *given_up}):
        if turn <= fact.day:
            continue
        overdue = due_date(first, fact.said.pay_day, rule_on(turn)) + timedelta(days=1)
        for day in sorted({turn, max(turn, overdue)}):
            months, _stage = reckoned(fact.said, day, rule_on(day), terms, period)
            if months and day < speaks_until:
                return _Read(day, months)
    return None


def _note(
    employer_ids: Sequence[int], in_force: _InForce, again: dict[int, _Read], noticing: bool
) -> set[int]:
    """Keeps what was read again, of `again` only what is kept; gives whose changed.

    Only with `noticing` something new is, of the latest statements: what was over before the next one came
    is that one's to say.
    """
    read, fact = LaterReading, ContributionFact
    query = select(fact.employer_id, read.fact_id, read.day, read.months).join(fact, fact.id == read.fact_id)
    known = {row[1]: row for row in read_tuples(query.where(among(fact.employer_id, employer_ids)))}
    latest = {months[max(months)].id: employer_id for employer_id, months in in_force.items()}
    for fact_id in [one for one in again if one not in known and not (noticing and one in latest)]:
        del again[fact_id]
    stale = {id_: row[0] for id_, row in known.items() if again.get(id_) != (row[2], row[3])}
    if stale:
        gone = delete(_READINGS).where(among(_READINGS.c.fact_id, list(stale)))
        db.session.execute(gone, execution_options={"synchronize_session": False})
    fresh = [id_ for id_ in again if id_ not in known or id_ in stale]
    rows = [{"fact_id": id_, "day": again[id_].day, "months": again[id_].months} for id_ in fresh]
    insert_rows(_READINGS, rows)
    return {*stale.values(), *(latest[id_] for id_ in fresh if id_ in latest)}


def _follow(in_force: _InForce, again: Mapping[int, _Read]) -> set[int]:
    """Brings the employers in step with the fact of their latest statement; gives which were not."""
    columns = (Employer.id, Employer.statement_period, Employer.arrears_months, Employer.updated_at)
    rows = []
    query = select(*columns).where(among(Employer.id, list(in_force)))
    for id_, period, before, stamp in read_tuples(query):
        fact = in_force[id_].get(period)
        if fact is None:
            continue
        day, months = again.get(fact.id, (fact.day, fact.months))
        if months != before:
            rows.append({"id": id_, "arrears_months": months, "arrears_as_of": day, "updated_at": stamp})
    update_rows(table_of(Employer), rows)
    return {row["id"] for row in rows}
