"""What a monthly statement changes: facts, the employers' account columns, handlers, and stages.

Everything works on a chunk of lines at a time, in a fixed number of statements whatever the chunk's size.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from app.contributions import queries
from app.contributions.handlers import services as handlers
from app.contributions.looking.services import Looked, look
from app.contributions.models import ContributionFact
from app.contributions.policy import (
    Facts,
    evidence,
    month_of,
    reckoned,
    rule_of,
    sources,
)
from app.contributions.queries import FACT, Known
from app.contributions.representatives import services as representatives
from app.contributions.terms.queries import terms_of_run
from app.core import signals
from app.core.importing.spec import Context, Line, Plan, Ref, id_of
from app.core.language.text import name_key
from app.core.workflow.sets import SetMove, transition_many
from app.employers.models import Employer, EmployerContact, Stage
from app.employers.search.services import Prepared, index_new, prepared, reindex
from app.employers.sources.policy import (
    FIELDS,
    REGISTRY,
    STATEMENT,
    TELLERS,
    heard_first,
    is_plain,
    obligation,
)
from app.employers.sources.services import refused, tell_replaced, update_employer, weigh
from app.lifecycle.workflow import LIFECYCLE

Values = Mapping[str, Any]
#: what a statement says of an employer and other files may say as well, the name apart
CLAIMED = tuple(name for name in FIELDS[STATEMENT] if name != "name")
#: of these, what the registry knows better
REGISTERED = tuple(name for name in CLAIMED if REGISTRY in TELLERS[name] and TELLERS[name][0] == REGISTRY)
DAY_OF_RECKONING = frozenset({"arrears_as_of"})
#: columns of a statement by which an employer is found
SEARCHED = frozenset({"name", "uscc", "employer_account_no"})


class StageMove(NamedTuple):
    """The stage that a line proves, when it is another than the employer's and can be reached from it."""

    employer: int | Ref
    source: Stage
    target: Stage
    evidence: Values
    #: the employer is created in the target stage
    placed: bool = False


def plan(lines: Sequence[Line], context: Context) -> list[Plan]:
    """Compares a chunk with what is known.

    A month before the employer's latest adds its fact, and what the later ones left open.
    """
    looked = look(lines, context)
    return [_plan_one(line, looked, context) for line in lines]


def preparing(_context: Context) -> Callable[[Values], Prepared] | None:
    """What finds new employers is prepared while there are no accounts yet; later most lines are known."""
    return None if queries.has_accounts() else _prepare


def _prepare(values: Values) -> Prepared:
    person, mobile = values.get("handler_name"), values.get("handler_mobile")
    return prepared(values["name"], values["uscc"], values["employer_account_no"], person, mobile)


def _plan_one(line: Line, looked: Looked, context: Context) -> Plan:
    made = Plan(line)
    values = line.values
    if _refused(made, looked, values):
        return made
    terms = terms_of_run(context).get(values["uscc"], ())
    facts = Facts.of(values)
    months, target = reckoned(facts, context.as_of, rule_of(context), terms, context.period)
    known = looked.employers.get(values["uscc"])
    if known is None:
        _plan_new(made, months, target, looked, context)
    else:
        _plan_known(made, known, months, target, looked, context)
    for column, written in looked.unread[line.number].items():
        made.remark("unreadable", column, value=written)
    return made


def _refused(made: Plan, looked: Looked, values: Values) -> bool:
    known = looked.employers.get(values["uscc"])
    if known is not None:
        refused(made, known)
    account = values["employer_account_no"]
    if looked.accounts.get(account, values["uscc"]) != values["uscc"]:
        made.reject("account_taken", "employer_account_no", value=account)
    if not made.reasons:
        # a file may name one account twice; the first line has it
        looked.accounts[account] = values["uscc"]
    return bool(made.reasons)


def _plan_new(made: Plan, months: int, target: Stage | None, looked: Looked, context: Context) -> None:
    """A new employer was a prospect until this line; its stage moves by the same steps as everyone's."""
    values = made.line.values
    moves = target is not None and Stage.PROSPECT in sources(target)
    employer = made.create(
        Employer,
        {
            "name": values["name"],
            "name_key": name_key(values["name"]),
            "uscc": values["uscc"],
            "stage": target if moves else Stage.PROSPECT,
            "branch_id": context.branch_id,
            **heard_first(STATEMENT, context.as_of),
            **obligation(values["uscc"]),
            **{name: values.get(name) for name in CLAIMED},
            **_reckoned_columns(values, months, context),
            **handlers.first_named(values, context),
        },
    )
    _plan_fact(made, employer, None, months, context)
    handlers.plan_handler(made, employer, None, looked.meant, context)
    representatives.plan_representative(made, employer, looked.representatives, context)
    if target is not None and moves:
        evidence = _evidence(values, months, context)
        made.extra = StageMove(employer, Stage.PROSPECT, target, evidence, placed=True)


def _plan_known(
    made: Plan, known: Known, months: int, target: Stage | None, looked: Looked, context: Context
) -> None:
    employer_id: int = known["id"]
    made.record = employer_id  # the line is about the employer, whatever it creates beside it
    _plan_fact(made, employer_id, looked.facts.get(employer_id), months, context)
    latest = known["statement_period"]
    newest = latest is None or latest <= month_of(context)
    columns = _claimed_columns(made, known, context)
    current = looked.handlers.get(employer_id)
    named = newest or not handlers.is_outdated(made.line.values, known, current, context)
    if newest:
        columns |= _reckoned_columns(made.line.values, months, context)
    if named:
        said = handlers.plan_handler(made, employer_id, current, looked.meant, context)
        columns |= handlers.named_again(said, known, context)
    # the day of reckoning alone is no news: the same file read on another day changes nothing
    no_news = DAY_OF_RECKONING | handlers.repeated(known, context)
    update_employer(made, known, columns, context, no_news=no_news)
    if newest or representatives.may_tell(made.line.values, employer_id, looked.representatives):
        representatives.plan_representative(made, employer_id, looked.representatives, context)
    if newest or known["stage"] in (Stage.PROSPECT, Stage.ENGAGED):  # the later ones proved no stage
        _plan_stage(made, employer_id, known["stage"], target, months, context)


def _claimed_columns(made: Plan, known: Known, context: Context) -> dict[str, Any]:
    """The employer's columns as the line states them, weighed against who else said them, and when."""
    values, day = made.line.values, month_of(context).last_day
    if _is_ordinary(values, known, day):
        columns = {name: value for name in CLAIMED if (value := values.get(name)) is not None}
    else:
        columns = weigh(made, known, STATEMENT, day, values, context)
    return columns | heard_first(STATEMENT, context.as_of, known)


def _is_ordinary(values: Values, known: Known, day: date) -> bool:
    """Whether the line is the latest word on everything that it states and leaves nothing open; most are."""
    in_registry = known["registry_as_of"] is not None
    return (
        (in_registry or known["name"] == values["name"])
        and is_plain(known, STATEMENT, day)
        and not any(
            values.get(name) is None and known[name] is not None
            for name in CLAIMED
            if not (in_registry and name in REGISTERED)
        )
        and not (in_registry and any(values.get(name) not in (None, known[name]) for name in REGISTERED))
    )


def _reckoned_columns(values: Values, months: int, context: Context) -> dict[str, Any]:
    """What the newest line says alone, and what follows from it."""
    return {
        "paid_through": values.get("paid_through"),
        "arrears_months": months,
        "arrears_as_of": context.as_of,
        "statement_period": context.period,
    }


def _plan_fact(made: Plan, employer: int | Ref, fact: Known | None, months: int, context: Context) -> None:
    """Facts are never rewritten: a month that says something else is a new version."""
    stated = {name: made.line.values.get(name) for name in FACT}
    if fact is not None and all(fact[name] == value for name, value in stated.items()):
        return
    made.create(
        ContributionFact,
        {
            "employer_id": employer,
            "period": context.period,
            "version": 1 if fact is None else fact["version"] + 1,
            **stated,
            "arrears_months": months,
            "as_of": context.as_of,
            "batch_id": context.batch_id,
        },
    )


def _plan_stage(
    made: Plan, employer: int | Ref, source: Stage, target: Stage | None, months: int, context: Context
) -> None:
    if target is not None and target is not source and source in sources(target):
        made.extra = StageMove(employer, source, target, _evidence(made.line.values, months, context))


def _evidence(values: Values, months: int, context: Context) -> dict[str, Any]:
    return evidence(
        context, values["account_status"], values.get("paid_through"), values.get("pay_day"), months
    )


def applied(plans: Sequence[Plan], context: Context) -> None:
    """After a chunk is written: move the stages, find the employers again, and tell whoever listens."""
    _move_stages([one for one in plans if isinstance(one.extra, StageMove)])
    tell_replaced(plans, context)
    touched, searched = set[int](), set[int]()
    for one in plans:
        _note_employers(one, touched, searched)
    new = _prepared_documents(plans)
    index_new(new)
    reindex(searched - new.keys())
    handlers.tell(plans, representatives.ended_roles(context), context.actor)
    representatives.tell(plans, context)
    signals.statement_recorded.send("contributions", period=month_of(context), employer_ids=sorted(touched))


def _move_stages(plans: Sequence[Plan]) -> None:
    groups: dict[tuple[Stage, bool], list[SetMove]] = defaultdict(list)
    for one in plans:
        stage_move: StageMove = one.extra
        employer_id = id_of(stage_move.employer)
        move = SetMove(employer_id, employer_id, stage_move.source.value, stage_move.evidence)
        groups[stage_move.target, stage_move.placed].append(move)
        if not stage_move.placed:
            one.note(Employer, employer_id, {"stage": stage_move.source}, {"stage": stage_move.target})
    for (target, placed), moves in groups.items():
        transition_many(LIFECYCLE, f"statement_{target.value}", moves, placed=placed)


def _prepared_documents(plans: Sequence[Plan]) -> dict[int, Prepared]:
    """What finds the new employers whose line says it all: their contact is new as well, or there is none."""
    found = {}
    for one in plans:
        if one.line.prepared is not None and isinstance(one.record, Ref):
            links = [write.after["contact_id"] for write in one.writes if write.model is EmployerContact]
            if len(links) <= 1 and all(isinstance(contact, Ref) for contact in links):
                found[id_of(one.record)] = one.line.prepared
    return found


def _note_employers(made: Plan, touched: set[int], searched: set[int]) -> None:
    """Adds the employers that a plan wrote to, and those among them that are found by something else now."""
    for write in made.writes:
        if write.model is Employer:
            touched.add(id_of(write.id))
            if not SEARCHED.isdisjoint(write.after):
                searched.add(id_of(write.id))
        elif write.model is EmployerContact and "employer_id" in write.after:
            touched.add(id_of(write.after["employer_id"]))
            searched.add(id_of(write.after["employer_id"]))
