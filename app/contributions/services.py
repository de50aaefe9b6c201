"""What a monthly statement changes: facts, the employers' account columns, handlers, and stages.

Everything works on a chunk of lines at a time, in a fixed number of statements whatever the chunk's size.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date
from types import SimpleNamespace
from typing import Any

from app.contributions import queries
from app.contributions.models import ContributionFact
from app.contributions.policy import stage_for
from app.contributions.queries import FACT, STATED, Handler, Known
from app.core import signals
from app.core.dues import months_in_arrears
from app.core.import_spec import Context, Line, Plan, Ref, id_of
from app.core.periods import Period
from app.core.text import name_key
from app.core.workflow_sets import SetMove, transition_many
from app.employers.models import AccountStatus, Contact, ContactRole, Employer, EmployerContact, Stage
from app.employers.search.services import reindex
from app.lifecycle.workflow import LIFECYCLE

#: open accounts, the only ones that can be behind
OPEN = (AccountStatus.NORMAL, AccountStatus.OPENED)
Values = Mapping[str, Any]
#: columns of a statement by which an employer is found
SEARCHED = frozenset({"name", "uscc", "employer_account_no"})
#: a handler as a statement names one: name and mobile
Person = tuple[str, str | None]


@dataclass(frozen=True)
class StageMove:
    """The stage that a line proves, when it is another than the employer's and can be reached from it."""

    employer: int | Ref
    source: Stage
    target: Stage
    evidence: Values


@dataclass
class Looked:
    """What is known of the employers that a chunk names."""

    employers: dict[str, Known]
    accounts: dict[str, str | None]
    facts: dict[int, Known]
    handlers: dict[int, Handler]
    people: dict[Person, int | Ref]


def plan(lines: Sequence[Line], context: Context) -> list[Plan]:
    """Compares a chunk with what is known. A month before the employer's latest only adds its fact."""
    looked = _look(lines, context)
    return [_plan_one(line, looked, context) for line in lines]


def _look(lines: Sequence[Line], context: Context) -> Looked:
    values = [line.values for line in lines]
    employers = queries.employers_by_code({one["uscc"] for one in values}, context.actor)
    ids = [employer["id"] for employer in employers.values()]
    return Looked(
        employers,
        queries.codes_by_account({one["employer_account_no"] for one in values}),
        queries.facts_of(ids, _period(context)),
        queries.handlers_of(ids),
        _people(values, context),
    )


def _people(values: Sequence[Values], context: Context) -> dict[Person, int | Ref]:
    """Contacts by name and mobile: those in the database, and those that this run creates."""
    remembered: dict[Person, int | Ref] = context.memory.setdefault("people", {})
    mobiles = {mobile for one in values if (mobile := one.get("handler_mobile"))}
    for (mobile, name), contact_id in queries.contacts_by_mobile(mobiles).items():
        remembered[name, mobile] = contact_id
    return remembered


def _plan_one(line: Line, looked: Looked, context: Context) -> Plan:
    made = Plan(line)
    values = line.values
    if _refused(made, looked, values):
        return made
    known = looked.employers.get(values["uscc"])
    if known is None:
        _plan_new(made, looked, context)
    else:
        _plan_known(made, known, looked, context)
    return made


def _refused(made: Plan, looked: Looked, values: Values) -> bool:
    known = looked.employers.get(values["uscc"])
    if known is not None and not known["within_reach"]:
        made.reject("other_branch")
    elif known is not None and known["merged_into_id"] is not None:
        made.reject("merged", "uscc")
    account = values["employer_account_no"]
    if looked.accounts.get(account, values["uscc"]) != values["uscc"]:
        made.reject("account_taken", "employer_account_no", value=account)
    return bool(made.reasons)


def _plan_new(made: Plan, looked: Looked, context: Context) -> None:
    """A new employer starts as a prospect; its stage then moves by the same steps as everyone's."""
    values = made.line.values
    employer = made.create(
        Employer,
        {
            "name": values["name"],
            "name_key": name_key(values["name"]),
            "uscc": values["uscc"],
            "branch_id": context.branch_id,
            "source": "statement",
            **_account_columns(values, context),
        },
    )
    _plan_fact(made, employer, None, context)
    _plan_handler(made, employer, None, looked, context)
    _plan_stage(made, employer, Stage.PROSPECT, context)


def _plan_known(made: Plan, known: Known, looked: Looked, context: Context) -> None:
    employer_id: int = known["id"]
    made.record = employer_id  # the line is about the employer, whatever it creates beside it
    _plan_fact(made, employer_id, looked.facts.get(employer_id), context)
    latest = known["statement_period"]
    if latest is not None and latest > _period(context):
        return
    columns = _account_columns(made.line.values, context)
    if any(known[name] != value for name, value in columns.items() if name != "arrears_as_of"):
        # the day of reckoning alone is no news: the same file read on another day changes nothing
        made.update(Employer, SimpleNamespace(**known), columns)
    _plan_handler(made, employer_id, looked.handlers.get(employer_id), looked, context)
    _plan_stage(made, employer_id, known["stage"], context)


def _account_columns(values: Values, context: Context) -> dict[str, Any]:
    """The employer's columns as the line states and implies them; a column the file lacks is left alone."""
    columns = {name: values[name] for name in STATED if values.get(name) is not None}
    return {
        **columns,
        "paid_through": values.get("paid_through"),
        "arrears_months": _arrears(values, context.as_of),
        "arrears_as_of": context.as_of,
        "statement_period": _period(context),
    }


def _arrears(values: Values, as_of: date) -> int:
    """Deferred, sealed and closed accounts are not counted; nor is one opened that has yet to pay."""
    status, paid = values["account_status"], values.get("paid_through")
    if status not in OPEN or (status is AccountStatus.OPENED and paid is None):
        return 0
    return months_in_arrears(paid, values.get("pay_day"), as_of, values.get("first_contribution_month"))


def _plan_fact(made: Plan, employer: int | Ref, fact: Known | None, context: Context) -> None:
    """Facts are never rewritten: a month that says something else is a new version."""
    values = made.line.values
    if fact is not None and all(fact[name] == values.get(name) for name in FACT):
        return
    made.create(
        ContributionFact,
        {
            "employer_id": employer,
            "period": _period(context),
            "version": 1 if fact is None else fact["version"] + 1,
            **{name: values.get(name) for name in FACT},
            "arrears_months": _arrears(values, context.as_of),
            "as_of": context.as_of,
            "batch_id": context.batch_id,
        },
    )


def _plan_handler(
    made: Plan, employer: int | Ref, current: Handler | None, looked: Looked, context: Context
) -> None:
    """Ends the old handler's role and opens the new one's; one person of many employers stays one record."""
    name, mobile = made.line.values.get("handler_name"), made.line.values.get("handler_mobile")
    if not name or (current and current.name == name and mobile in (None, current.mobile)):
        return
    if current is not None:
        made.update(EmployerContact, current, {"until": context.as_of})
    person = (name, mobile)
    contact = looked.people.get(person)
    if contact is None:
        contact = made.create(Contact, {"name": name, "mobile": mobile})
        if mobile:  # people without a mobile are never taken for one another
            looked.people[person] = contact
    role = {"contact_id": contact, "role": ContactRole.HANDLER, "since": context.as_of}
    made.create(EmployerContact, {"employer_id": employer, **role})


def _plan_stage(made: Plan, employer: int | Ref, source: Stage, context: Context) -> None:
    values = made.line.values
    months = _arrears(values, context.as_of)
    target = stage_for(values["account_status"], values.get("paid_through"), months)
    if target is None or target is source:
        return
    if source.value in LIFECYCLE.named(f"statement_{target.value}").sources:
        made.extra = StageMove(employer, source, target, _evidence(values, months, context))


def _evidence(values: Values, months: int, context: Context) -> dict[str, Any]:
    paid = values.get("paid_through")
    return {
        "statement": str(_period(context)),
        "as_of": context.as_of.isoformat(),
        "account_status": values["account_status"].value,
        "paid_through": str(paid) if paid else None,
        "pay_day": values.get("pay_day"),
        "months": months,
    }


def applied(plans: Sequence[Plan], context: Context) -> None:
    """After a chunk is written: move the stages, find the employers again, and tell whoever listens."""
    _move_stages([one for one in plans if isinstance(one.extra, StageMove)])
    touched = {employer for one in plans for employer in _employers(one)}
    reindex({employer for one in plans for employer in _employers(one, SEARCHED)})
    signals.statement_recorded.send("contributions", period=_period(context), employer_ids=sorted(touched))


def _move_stages(plans: Sequence[Plan]) -> None:
    groups: dict[Stage, list[Plan]] = defaultdict(list)
    for one in plans:
        groups[one.extra.target].append(one)
    for target, group in groups.items():
        moves = []
        for one in group:
            employer_id = id_of(one.extra.employer)
            moves.append(SetMove(employer_id, employer_id, one.extra.source.value, one.extra.evidence))
            one.note(Employer, employer_id, {"stage": one.extra.source}, {"stage": target})
        transition_many(LIFECYCLE, f"statement_{target.value}", moves)


def _employers(made: Plan, columns: Set[str] | None = None) -> list[int]:
    """The employers whose columns (any, or one of these) or people a plan wrote."""
    found = []
    for write in made.writes:
        if write.model is Employer:
            if columns is None or not columns.isdisjoint(write.after):
                found.append(id_of(write.id))
        elif write.model is EmployerContact and "employer_id" in write.after:
            found.append(id_of(write.after["employer_id"]))
    return found


def _period(context: Context) -> Period:
    if context.period is None:
        raise ValueError("a statement is of a month")
    return context.period
