"""Applying the ordinary lines of a chunk in a dozen statements, whatever its size.

It leaves what `app.contributions.services` would leave, row by row; `tests/contributions/test_ordinary.py`
holds the two to it. Whatever needs a decision (new employers and handlers, other branches, merged records,
other account numbers, older months, the words of several sources) is left to the row-wise way.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Executable,
    Integer,
    Select,
    bindparam,
    case,
    func,
    null,
    select,
    update,
)

from app.contributions.handlers import services as handlers
from app.contributions.models import ContributionFact
from app.contributions.ordinary import queries
from app.contributions.ordinary.models import EMPLOYERS, ORDINARY, ROLES, STAGED
from app.contributions.policy import (
    LENIENT,
    Facts,
    evidence,
    month_of,
    read_unit,
    reckoned,
    rule_of,
    tables_of_run,
)
from app.contributions.queries import has_accounts
from app.contributions.representatives import services as representatives
from app.contributions.terms.queries import terms_of_run
from app.core import signals
from app.core.bulk import read_tuples
from app.core.clock import now
from app.core.db import changed, db, is_postgresql
from app.core.importing.spec import Context, Remember, Setwise, Taken
from app.core.importing.staging import temporary
from app.core.personal.keys import proven_keys
from app.core.personal.sealed import ID_NUMBER, IdNumber, index_by
from app.core.workflow.sets import SetMove, transition_many
from app.employers.models import Stage
from app.lifecycle.workflow import LIFECYCLE


def reckon(context: Context) -> Callable[[Mapping[str, Any]], Mapping[str, Any]] | None:
    """What follows from a line alone: the months in arrears and the stage that it proves.

    None while there are no accounts: the first statement has no ordinary lines.
    """
    if not has_accounts():
        return None
    rule, terms, day, month = rule_of(context), terms_of_run(context), context.as_of, month_of(context)

    tables, keys = tables_of_run(context), proven_keys()

    def found_by(paper: IdNumber | None) -> str | None:
        # by the newest key: what is still sealed by an older one is looked at row by row
        return index_by(keys[0], paper.number, ID_NUMBER) if paper and keys else None

    def of_line(values: Mapping[str, Any]) -> Mapping[str, Any]:
        months, target = reckoned(Facts.of(values), day, rule, terms.get(values["uscc"], ()), month)
        found: dict[str, Any] = {"arrears_months": months, "target": target}
        unit = {name: values[name] for name in LENIENT if name in values}
        if unit:
            unread = read_unit(unit, tables)
            # what could not be read stays as it was written, for the row to say so
            found |= {**unit, **unread, "unread": bool(unread)}
        if handlers.PAPER.number in values:
            found["handler_id_index"] = found_by(values[handlers.PAPER.number])
        if representatives.NUMBER in values:
            found[representatives.INDEX] = found_by(values[representatives.NUMBER])
        return found

    return of_line


def take(context: Context, remember: Remember) -> Taken:
    """Writes the facts, the employers' account columns and the stages of the ordinary lines."""
    sql: _Statements = context.memory.get("ordinary") or _Statements.of(context)
    context.memory["ordinary"] = sql
    with temporary(ORDINARY):
        found = changed(sql.find, {"before": _last_fact_id()})
        if is_postgresql():
            db.session.execute(queries.roles_held())
        # the notes tell what was before, so they come first
        written = remember(sql.noted)
        moment = {"moment": now()}
        db.session.execute(sql.write_facts, moment)
        db.session.execute(sql.update_often, moment)
        db.session.execute(sql.update_seldom, moment)
        db.session.execute(sql.tell_roles)
        _move_stages(context)
        left = [number for (number,) in read_tuples(queries.left_lines())]
        touched = [employer_id for (employer_id,) in read_tuples(queries.written_employers())]
    signals.statement_recorded.send("contributions", period=month_of(context), employer_ids=touched)
    return Taken(written, found - written, left)


@dataclass(frozen=True)
class _Statements:
    """What is said to the database for each chunk. To put it together takes longer than to send it."""

    find: Executable
    noted: Select[*tuple[Any, ...]]
    write_facts: Executable
    update_often: Executable
    update_seldom: Executable
    tell_roles: Executable

    @classmethod
    def of(cls, context: Context) -> "_Statements":
        """The statements of a run."""
        values = queries.account_values(context)
        often = {name: value for name, value in values.items() if name in queries.MONTHLY}
        seldom = {name: value for name, value in values.items() if name not in queries.MONTHLY}
        line = (ORDINARY.c.number == STAGED.c.number) & (ORDINARY.c.id == EMPLOYERS.c.id)
        changing = update(EMPLOYERS).where(line, ORDINARY.c.changes)
        stamp = {"updated_at": _moment(EMPLOYERS.c.updated_at)}
        return cls(
            _finding(context),
            queries.noted(context),
            _writing_facts(context),
            changing.values(**often, **stamp),
            changing.where(queries.differing(seldom)).values(**seldom, **stamp),
            _telling_roles(context),
        )


def _telling_roles(context: Context) -> Executable:
    """Who represents an employer was said again on the statement's day."""
    again = update(ROLES).where(ORDINARY.c.role_id == ROLES.c.id, queries.is_told_by_files())
    return again.values(**representatives.told(context))


def _moment(column: ColumnElement[Any]) -> ColumnElement[Any]:
    return bindparam("moment", type_=column.type)


def _finding(context: Context) -> Executable:
    """Fills the table of ordinary lines, each new fact with the id that it will have."""
    lines = queries.ordinary_lines(context).subquery()
    names = ("number", "id", "stage", "unedited", "changes", "version", "role_id", "target")
    fact_id = case((lines.c.version.is_not(None), _next_fact_id(lines.c.number)), else_=null())
    return ORDINARY.insert().from_select([*names, "fact_id"], select(*lines.c, fact_id))


def _next_fact_id(number: ColumnElement[int]) -> ColumnElement[int]:
    """An id not yet taken: from the sequence, or on SQLite, where whoever writes is alone, above the last."""
    if is_postgresql():
        return func.nextval(func.pg_get_serial_sequence(ContributionFact.__tablename__, "id"))
    return number + bindparam("before", type_=Integer())


def _last_fact_id() -> int:
    """What to add to a line's number for an id above all others; PostgreSQL asks its sequence."""
    if is_postgresql():
        return 0
    last = db.session.scalar(select(func.coalesce(func.max(ContributionFact.id), 0))) or 0
    return last + 1 - (db.session.scalar(select(func.min(STAGED.c.number))) or 0)


def _writing_facts(context: Context) -> Executable:
    query = queries.new_facts(context)
    names = [*query.selected_columns.keys(), "recorded_at"]
    facts = queries.FACTS
    return facts.insert().from_select(names, query.add_columns(_moment(facts.c.recorded_at)))


def _move_stages(context: Context) -> None:
    groups: dict[Stage, list[SetMove]] = defaultdict(list)
    for employer_id, source, target, status, paid, pay_day, months in read_tuples(queries.moves()):
        proof = evidence(context, status, paid, pay_day, months)
        groups[target].append(SetMove(employer_id, employer_id, source.value, proof))
    for target, moves in groups.items():
        transition_many(LIFECYCLE, f"statement_{target.value}", moves)


ORDINARY_LINES = Setwise(STAGED, reckon, take)
