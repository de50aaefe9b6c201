"""What a monthly statement changes: facts, the employers' account columns, handlers, and stages.

Everything works on a chunk of lines at a time, in a fixed number of statements whatever the chunk's size.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import insert, update

from app.contributions import queries
from app.contributions.models import ContributionFact
from app.contributions.policy import stage_for
from app.contributions.queries import FACT, STATED, Handler, Known
from app.core import signals
from app.core.clock import now
from app.core.db import db
from app.core.dues import months_in_arrears
from app.core.periods import Period
from app.core.text import name_key
from app.core.workflow import SetMove, transition_many
from app.employers.models import Contact, ContactRole, Employer, EmployerContact, Stage
from app.lifecycle.workflow import LIFECYCLE

Line = Mapping[str, Any]
#: a handler as the statement names one: name and mobile
Person = tuple[str, str | None]


@dataclass(frozen=True)
class Statement:
    """One month's statement as it is being recorded."""

    period: Period
    as_of: date
    branch_id: int
    batch_id: int | None = None


@dataclass
class Judgement:
    """What one line means for one employer; `known` None means an employer not heard of before."""

    line: Line
    known: Known | None
    #: new values of the employer's columns that differ, arrears included
    changes: dict[str, Any] = field(default_factory=dict)
    #: the stage the line proves, when it is another than the employer's and can be reached from it
    stage: Stage | None = None
    fact_changed: bool = False
    fact_version: int = 1
    #: the handler now, and the one the line names; equal ones are left out
    handler: tuple[Handler | None, Person] | None = None
    employer_id: int = 0

    @property
    def changed(self) -> bool:
        return bool(self.changes or self.stage or self.fact_changed or self.handler)


def judge(lines: Sequence[Line], statement: Statement) -> list[Judgement]:
    """Compares a chunk with what is known. An older month than the employer's latest only adds its fact."""
    known = queries.employers_by_code({line["uscc"] for line in lines})
    ids = [employer["id"] for employer in known.values()]
    facts = queries.facts_of(ids, statement.period)
    handlers = queries.handlers_of(ids)
    return [_judge_one(line, known.get(line["uscc"]), facts, handlers, statement) for line in lines]


def _judge_one(
    line: Line,
    known: Known | None,
    facts: Mapping[int, Known],
    handlers: Mapping[int, Handler],
    statement: Statement,
) -> Judgement:
    if known is None:
        return _judge_new(line, statement)
    employer_id: int = known["id"]
    judged = Judgement(line, known, employer_id=employer_id)
    fact = facts.get(employer_id)
    judged.fact_changed = fact is None or any(fact[name] != line.get(name) for name in FACT)
    judged.fact_version = 1 if fact is None else fact["version"] + 1
    latest = known["statement_period"]
    if latest is not None and latest > statement.period:
        return judged
    _judge_columns(judged, known, statement)
    judged.handler = _other_handler(handlers.get(employer_id), line)
    return judged


def _judge_columns(judged: Judgement, known: Known, statement: Statement) -> None:
    values = _employer_values(judged.line, statement)
    judged.changes = {name: value for name, value in values.items() if known[name] != value}
    if set(judged.changes) <= {"arrears_as_of"}:
        # the day of reckoning alone is no news: the same file read on another day changes nothing
        judged.changes = {}
    stage = _stage(judged.line, values["arrears_months"])
    if stage is not None and stage != known["stage"] and _reachable(known["stage"], stage):
        judged.stage = stage


def _judge_new(line: Line, statement: Statement) -> Judgement:
    values = _employer_values(line, statement)
    judged = Judgement(line, None, values, fact_changed=True)
    judged.stage = _stage(line, values["arrears_months"])
    judged.handler = _other_handler(None, line)
    return judged


def _employer_values(line: Line, statement: Statement) -> dict[str, Any]:
    """The employer's columns as the line states and implies them; a column the file lacks is left alone."""
    values = {name: line[name] for name in STATED if line.get(name) is not None}
    values["paid_through"] = line.get("paid_through")
    values["arrears_months"] = _arrears(line, statement.as_of)
    values["arrears_as_of"] = statement.as_of
    values["statement_period"] = statement.period
    return values


def _arrears(line: Line, as_of: date) -> int:
    """Only open accounts can be behind: deferred, sealed and closed ones are not counted."""
    if line["account_status"] not in ("01", "02"):
        return 0
    if line["account_status"] == "02" and line.get("paid_through") is None:
        return 0  # opened and not yet contributing: listed apart
    return months_in_arrears(
        line.get("paid_through"), line.get("pay_day"), as_of, line.get("first_contribution_month")
    )


def _stage(line: Line, arrears_months: int) -> Stage | None:
    return stage_for(line["account_status"], line.get("paid_through"), arrears_months)


def _reachable(source: Stage, target: Stage) -> bool:
    return source.value in LIFECYCLE.named(f"statement_{target.value}").sources


def _other_handler(current: Handler | None, line: Line) -> tuple[Handler | None, Person] | None:
    name, mobile = line.get("handler_name"), line.get("handler_mobile")
    if not name or (current and current.name == name and mobile in (None, current.mobile)):
        return None
    return current, (name, mobile)


def record(judged: Sequence[Judgement], statement: Statement) -> None:
    """Writes what changed, and fills in the ids of new employers. Nothing is written for unchanged lines."""
    news = [j for j in judged if j.known is None]
    _add_employers(news, statement)
    _update_employers([j for j in judged if j.known is not None and j.changes])
    _add_facts([j for j in judged if j.fact_changed], statement)
    change_handlers([j for j in judged if j.handler], statement.as_of)
    move_stages([j for j in judged if j.stage], statement)
    touched = [j.employer_id for j in judged if j.changed]
    signals.statement_recorded.send("contributions", period=statement.period, employer_ids=touched)


def _add_employers(news: Sequence[Judgement], statement: Statement) -> None:
    """A new employer starts as a prospect; its stage then moves by the same steps as everyone's."""
    if not news:
        return
    moment = now()
    rows = [
        {
            **dict.fromkeys(STATED),
            **judgement.changes,
            "name": judgement.line["name"],
            "name_key": name_key(judgement.line["name"]),
            "uscc": judgement.line["uscc"],
            "branch_id": statement.branch_id,
            "source": "statement",
            "stage": Stage.PROSPECT,
            "stage_since": moment,
        }
        for judgement in news
    ]
    adding = insert(Employer).returning(Employer.id, sort_by_parameter_order=True)
    for judgement, employer_id in zip(news, db.session.scalars(adding, rows), strict=True):
        judgement.employer_id = employer_id


def _update_employers(changed: Sequence[Judgement]) -> None:
    """One executemany for each set of columns, so that nothing but what changed is written."""
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for judgement in changed:
        groups[tuple(sorted(judgement.changes))].append({"id": judgement.employer_id, **judgement.changes})
    for rows in groups.values():
        db.session.execute(update(Employer), rows)


def _add_facts(judged: Sequence[Judgement], statement: Statement) -> None:
    rows = [
        {
            **{name: judgement.line.get(name) for name in FACT},
            "employer_id": judgement.employer_id,
            "period": statement.period,
            "version": judgement.fact_version,
            "arrears_months": _arrears(judgement.line, statement.as_of),
            "as_of": statement.as_of,
            "batch_id": statement.batch_id,
        }
        for judgement in judged
    ]
    if rows:
        db.session.execute(insert(ContributionFact), rows)


def change_handlers(judged: Sequence[Judgement], on: date) -> None:
    """Ends the old handler's role and opens the new one's; one person of many employers stays one record."""
    if not judged:
        return
    ending = [before.link_id for j in judged for before in [_pair(j)[0]] if before is not None]
    if ending:
        db.session.execute(
            update(EmployerContact).where(EmployerContact.id.in_(ending)).values(until=on),
            execution_options={"synchronize_session": False},
        )
    people = _people([_pair(j)[1] for j in judged])
    links = [
        {
            "employer_id": j.employer_id,
            "contact_id": people[_pair(j)[1]],
            "role": ContactRole.HANDLER,
            "since": on,
        }
        for j in judged
    ]
    db.session.execute(insert(EmployerContact), links)


def _pair(judgement: Judgement) -> tuple[Handler | None, Person]:
    if judgement.handler is None:
        raise ValueError("this line changes no handler")
    return judgement.handler


def _people(named: Iterable[Person]) -> dict[Person, int]:
    """The contact of each person, made where there is none; people without a mobile are never joined."""
    wanted = list(dict.fromkeys(named))
    known = queries.contacts_by_mobile({mobile for _name, mobile in wanted if mobile})
    found: dict[Person, int] = {
        (name, mobile): known[mobile, name] for name, mobile in wanted if mobile and (mobile, name) in known
    }
    missing = [pair for pair in wanted if pair not in found]
    if missing:
        adding = insert(Contact).returning(Contact.id, sort_by_parameter_order=True)
        rows = [{"name": name, "mobile": mobile} for name, mobile in missing]
        found |= dict(zip(missing, db.session.scalars(adding, rows), strict=True))
    return found


def move_stages(judged: Sequence[Judgement], statement: Statement) -> None:
    """Moves stages set by set, with the line as evidence on each history row."""
    moves: dict[Stage, list[SetMove]] = defaultdict(list)
    for j in judged:
        if j.stage is not None:
            source = str(j.known["stage"] if j.known else Stage.PROSPECT)
            move = SetMove(j.employer_id, j.employer_id, source, _evidence(j.line, statement))
            moves[j.stage].append(move)
    for target, group in moves.items():
        transition_many(LIFECYCLE, f"statement_{target.value}", group)


def _evidence(line: Line, statement: Statement) -> dict[str, Any]:
    return {
        "statement": str(statement.period),
        "as_of": statement.as_of.isoformat(),
        "account_status": str(line["account_status"]),
        "paid_through": str(line["paid_through"]) if line.get("paid_through") else None,
        "pay_day": line.get("pay_day"),
        "months": _arrears(line, statement.as_of),
    }


def undo_facts(employer_ids: Collection[int], batch_id: int) -> None:
    """Takes back the facts that a batch recorded."""
    db.session.query(ContributionFact).filter(
        ContributionFact.batch_id == batch_id, ContributionFact.employer_id.in_(employer_ids)
    ).delete(synchronize_session=False)
