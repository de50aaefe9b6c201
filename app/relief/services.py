"""Decisions from a list, and the clocks that all decisions run by, wherever they came from.

Bringing a decision moves no stage: on the day it begins, the clock does, with the decision as evidence.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from app.core.clock import local, today
from app.core.importing.spec import Context, Line, Plan, id_of
from app.core.language.i18n import msgid
from app.core.periods import Period
from app.core.rules.rates import bounds
from app.core.rules.workdays import add_working_days
from app.core.workflow.engine import transition
from app.relief import queries
from app.relief.making_up.services import follow_statements, tell_terms
from app.relief.models import (
    ReliefDecision,
    ReliefKind,
    ReliefState,
)
from app.relief.policy import (
    ANSWER_DAYS,
    LONGEST,
    REMINDERS,
    SETTLE_DAYS,
    Rates,
    effect_of,
    present_base,
)
from app.relief.queries import DECIDED, FIGURES, Known
from app.relief.workflow import RELIEF_TERM, REMINDER_KINDS, evidence
from app.tasks.services import open_task

CUT_ENDS = msgid("The reduced rate ends on %(day)s: agree on raising it again, or on a new application")
ENDS = msgid("Relief ends on %(day)s: agree on resuming with a make-up plan, or on a new application")


def plan(lines: Sequence[Line], context: Context) -> list[Plan]:
    """Finds the employers by code, else by account, and compares with what was decided before."""
    values = [line.values for line in lines]
    codes = {code for one in values if (code := one.get("uscc"))}
    accounts = {account for one in values if (account := one.get("employer_account_no"))}
    found = queries.employers(codes, accounts, context.actor)
    named = {one[key]: one for key in ("employer_account_no", "uscc") for one in found if one[key]}
    decided = queries.decisions_of([one["id"] for one in found])
    longest = LONGEST.value()
    return [_plan_one(line, named, decided, context, longest) for line in lines]


def _plan_one(
    line: Line, named: dict[str, Known], decided: dict[int, list[Known]], context: Context, longest: int
) -> Plan:
    made, values = Plan(line), line.values
    employer = _employer(made, named)
    _check(made, longest)
    if employer is None or made.reasons:
        return made
    before = decided.get(employer["id"], [])
    key = (values["kind"], values["from_month"])
    known = next((one for one in before if (one["kind"], one["from_month"]) == key), None)
    columns = {name: values.get(name) for name in DECIDED}
    columns |= {name: values[name] for name in FIGURES if values.get(name) is not None}
    if known is not None:
        made.update(ReliefDecision, known, columns)
    else:
        identity = {"employer_id": employer["id"], "kind": values["kind"], "from_month": values["from_month"]}
        made.create(ReliefDecision, {**identity, **columns, "batch_id": context.batch_id})
    if known is not None and known["state"] == ReliefState.WITHDRAWN:
        made.remark("withdrawn")
    if any(_overlaps(one, values) for one in before if one is not known):
        made.remark("overlaps")
    return made


def _employer(made: Plan, named: dict[str, Known]) -> Known | None:
    """The employer of the line's code and account, which must not contradict each other."""
    values = made.line.values
    keys = [key for key in (values.get("uscc"), values.get("employer_account_no")) if key]
    found = {one["id"]: one for key in keys if (one := named.get(key))}
    if not keys:
        made.reject("nobody")
    elif len(found) > 1:
        made.reject("contradicts")
    elif not found:
        made.reject("unknown", value=keys[0])
    elif not (employer := next(iter(found.values())))["within_reach"]:
        made.reject("other_branch")
    elif not employer["employer_account_no"]:
        made.reject("no_account")
    else:
        return employer
    return None


def _check(made: Plan, longest: int) -> None:
    values = made.line.values
    months = values["to_month"] - values["from_month"] + 1
    if months < 1:
        made.reject("ends_before", "to_month")
    elif months > longest:
        made.reject("too_many_months", "to_month", limit=longest)
    if values["kind"] is ReliefKind.RATE_CUT and not values.get("employer_rate"):
        made.reject("empty", "employer_rate")
    _check_rates(made)


def _check_rates(made: Plan) -> None:
    """Within what held on the day of the decision, as a department has set it."""
    held = bounds(made.line.values.get("decided_on"))
    low, high = held.lowest_rate, held.highest_rate
    for column in ("employer_rate", "employee_rate"):
        value = made.line.values.get(column)
        if value is not None and not low <= value <= high:
            made.reject("rate_outside", column, low=f"{low:.0%}", high=f"{high:.0%}", value=f"{value:.2%}")


def _overlaps(one: Known, values: dict[str, Any]) -> bool:
    same = one["kind"] == values["kind"] and one["state"] != ReliefState.WITHDRAWN
    return bool(same and one["from_month"] <= values["to_month"] and values["from_month"] <= one["to_month"])


def applied(plans: Sequence[Plan], _context: Context) -> None:
    """What a list granted or corrected takes months out of arrears, or puts them back."""
    written = {id_of(write.id) for one in plans for write in one.writes if write.model is ReliefDecision}
    tell_terms(queries.employers_of(written))


def removing(table: str, ids: Sequence[int], context: Context) -> None:
    """Whose decisions are about to go with the list that brought them."""
    if table == ReliefDecision.__tablename__:
        context.memory.setdefault("terms_of", set()).update(queries.employers_of(ids))


def reverted(restored: Mapping[str, Sequence[int]], context: Context) -> None:
    known = context.memory.setdefault("terms_of", set())
    known.update(queries.employers_of(restored.get(ReliefDecision.__tablename__, ())))


def withdrawn(context: Context) -> None:
    tell_terms(sorted(context.memory.get("terms_of", ())))


# The clocks --------------------------------------------------------------------------------------


def keep_clocks(day: date | None = None) -> None:
    """Begins, ends and extends decisions as of a day, and reminds of those that end soon.

    What has moved already stays: a second run of the same day finds nothing to do.
    """
    on = day or today()
    month, next_ones = Period.of(on), queries.followers()
    for decision in queries.lengthened(month):
        _fill_figures(decision)
        transition(RELIEF_TERM, decision, "lengthen", None, evidence=evidence(decision))
    for decision in queries.standing(ReliefState.ENDED, ReliefState.ENDED_EARLY, ReliefState.OVERDUE):
        _press(decision, next_ones.get(decision.id), on)
    for decision in queries.standing(ReliefState.APPROVED):
        if decision.from_month <= month:
            _begin(decision, month)
    for decision in queries.standing(ReliefState.RUNNING):
        if decision.last_month < month:
            _end(decision, next_ones.get(decision.id))
        elif decision.id not in next_ones:
            _remind(decision, on)
    follow_statements()


def _begin(decision: ReliefDecision, month: Period) -> None:
    past = decision.last_month < month
    if not past:
        _fill_figures(decision)
    transition(RELIEF_TERM, decision, "enter_past" if past else "begin", None, evidence=evidence(decision))


def _fill_figures(decision: ReliefDecision) -> None:
    """What a list did not tell is taken from the employer's latest statement."""
    employer = decision.employer
    if decision.heads is None:
        decision.heads = employer.heads
    base = present_base(employer)
    if decision.monthly_amount is not None or base is None or decision.heads is None:
        return
    present = Rates(employer.employer_rate, employer.employee_rate)
    reduced = Rates(decision.employer_rate, decision.employee_rate)
    effect = effect_of((decision.kind,), 1, decision.heads, base, present, reduced)
    decision.monthly_amount = effect.deferred + effect.saved


def _end(decision: ReliefDecision, next_id: int | None) -> None:
    if next_id is None:
        transition(RELIEF_TERM, decision, "expire", None, evidence=evidence(decision))
    else:
        transition(RELIEF_TERM, decision, "extend", None, evidence={**evidence(decision), "next": next_id})


def _remind(decision: ReliefDecision, on: date) -> None:
    """A task for the owner at each mark that is reached, once; of several marks passed only the nearest."""
    last_day = decision.last_month.last_day
    left = (last_day - on).days
    passed = [place for place, mark in enumerate(REMINDERS) if left <= mark.value()]
    if passed:
        open_task(
            REMINDER_KINDS[passed[-1]],
            ENDS if decision.kind is ReliefKind.DEFERMENT else CUT_ENDS,
            add_working_days(on, ANSWER_DAYS.value(), provisional=True),
            employer=decision.employer,
            params={"day": last_day.isoformat()},
            source=(RELIEF_TERM.name, decision.id),
        )


def _press(decision: ReliefDecision, next_id: int | None, on: date) -> None:
    """What has ended is extended by a later approval, or overdue when nothing was agreed in time."""
    if next_id is not None:
        _end(decision, next_id)
        return
    since = local(decision.state_since).date() if decision.state_since else on
    if decision.state is not ReliefState.OVERDUE and on > add_working_days(
        since, SETTLE_DAYS.value(), provisional=True
    ):
        transition(RELIEF_TERM, decision, "fall_overdue", None, evidence=evidence(decision))
