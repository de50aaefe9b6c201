"""Decisions from a list. They move no stage: the statement alone shows that an account is deferred.

The workflow of an application (the employees' resolution, review, approval) is to come; it will end in the
same `ReliefDecision` that a list brings.
"""

from collections.abc import Sequence
from typing import Any

from app.core.import_spec import Context, Line, Plan
from app.relief import queries
from app.relief.models import ReliefDecision, ReliefKind
from app.relief.policy import LONGEST
from app.relief.queries import DECIDED, Known


def plan(lines: Sequence[Line], context: Context) -> list[Plan]:
    """Finds the employers by code, else by account, and compares with what was decided before."""
    values = [line.values for line in lines]
    codes = {code for one in values if (code := one.get("uscc"))}
    accounts = {account for one in values if (account := one.get("employer_account_no"))}
    found = queries.employers(codes, accounts, context.actor)
    named = {one[key]: one for key in ("employer_account_no", "uscc") for one in found if one[key]}
    decided = queries.decisions_of([one["id"] for one in found])
    return [_plan_one(line, named, decided, context) for line in lines]


def _plan_one(line: Line, named: dict[str, Known], decided: dict[int, list[Known]], context: Context) -> Plan:
    made, values = Plan(line), line.values
    employer = _employer(made, named)
    _check(made)
    if employer is None or made.reasons:
        return made
    before = decided.get(employer["id"], [])
    key = (values["kind"], values["from_month"])
    known = next((one for one in before if (one["kind"], one["from_month"]) == key), None)
    columns = {name: values.get(name) for name in DECIDED}
    if known is not None:
        made.update(ReliefDecision, known, columns)
    else:
        identity = {"employer_id": employer["id"], "kind": values["kind"], "from_month": values["from_month"]}
        made.create(ReliefDecision, {**identity, **columns, "batch_id": context.batch_id})
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


def _check(made: Plan) -> None:
    values = made.line.values
    months = values["to_month"] - values["from_month"] + 1
    if months < 1:
        made.reject("ends_before", "to_month")
    elif months > LONGEST:
        made.reject("too_many_months", "to_month", limit=LONGEST)
    if values["kind"] is ReliefKind.RATE_CUT and not values.get("employer_rate"):
        made.reject("empty", "employer_rate")


def _overlaps(one: Known, values: dict[str, Any]) -> bool:
    same = one["kind"] == values["kind"]
    return bool(same and one["from_month"] <= values["to_month"] and values["from_month"] <= one["to_month"])
