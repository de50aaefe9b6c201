"""Applying the ordinary lines of a chunk in a dozen statements, whatever its size.

It leaves what `app.contributions.services` would leave, row by row; `tests/contributions/test_ordinary.py`
holds the two to it. Whatever needs a decision (new employers and handlers, other branches, merged records,
other account numbers, older months, the words of several sources) is left to the row-wise way.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Table, case, func, literal, null, select, update

from app.contributions.models import ContributionFact
from app.contributions.ordinary import queries
from app.contributions.ordinary.models import EMPLOYERS, ORDINARY, STAGED
from app.contributions.services import evidence, month_of, reckoned
from app.core import signals
from app.core.bulk import read_tuples
from app.core.clock import now
from app.core.db import changed, db, is_postgresql
from app.core.import_spec import Context, Remember, Setwise, Taken
from app.core.import_staging import temporary
from app.core.workflow_sets import SetMove, transition_many
from app.employers.models import Stage
from app.lifecycle.workflow import LIFECYCLE


def reckon(context: Context) -> Callable[[Mapping[str, Any]], Mapping[str, Any]]:
    """What follows from a line alone: the months in arrears and the stage that it proves."""

    def of_line(values: Mapping[str, Any]) -> Mapping[str, Any]:
        months, target = reckoned(
            values["account_status"],
            values.get("paid_through"),
            values.get("pay_day"),
            values.get("first_contribution_month"),
            context.as_of,
        )
        return {"arrears_months": months, "target": target}

    return of_line


def take(context: Context, remember: Remember) -> Taken:
    """Writes the facts, the employers' account columns and the stages of the ordinary lines."""
    with temporary(ORDINARY):
        found = _find(context)
        # the notes tell what was before, so they come first
        written = remember(queries.noted(context))
        _write_facts(context)
        _update_employers(context)
        _move_stages(context)
        left = db.session.scalars(queries.left_lines()).all()
        touched = list(db.session.scalars(queries.written_employers()))
    signals.statement_recorded.send("contributions", period=month_of(context), employer_ids=touched)
    return Taken(written, found - written, left)


def _find(context: Context) -> int:
    """Fills the table of ordinary lines, each new fact with the id it will have; gives how many."""
    lines = queries.ordinary_lines(context).subquery()
    names = ("number", "id", "stage", "unedited", "changes", "version", "target")
    columns = list(lines.c)
    fact_id = case((lines.c.version.is_not(None), _next_fact_id(lines.c.number)), else_=null())
    query = select(*columns, fact_id)
    return changed(ORDINARY.insert().from_select([*names, "fact_id"], query))


def _next_fact_id(number: ColumnElement[int]) -> ColumnElement[int]:
    """An id not yet taken: from the sequence, or on SQLite, where whoever writes is alone, above the last."""
    if is_postgresql():
        return func.nextval(func.pg_get_serial_sequence(ContributionFact.__tablename__, "id"))
    last = db.session.scalar(select(func.coalesce(func.max(ContributionFact.id), 0))) or 0
    first = db.session.scalar(select(func.min(STAGED.c.number))) or 0
    return number + literal(last + 1 - first)


def _write_facts(context: Context) -> None:
    facts: Table = queries.FACTS
    query = queries.new_facts(context).add_columns(literal(now(), facts.c.recorded_at.type))
    names = [*(column.name for column in queries.new_facts(context).selected_columns), "recorded_at"]
    db.session.execute(facts.insert().from_select(names, query))


def _update_employers(context: Context) -> None:
    """Sets what changes; the few columns that seldom do, only where they do."""
    values = queries.account_values(context)
    often = {name: value for name, value in values.items() if name not in queries.SELDOM}
    seldom = {name: value for name, value in values.items() if name in queries.SELDOM}
    of_line = (ORDINARY.c.number == STAGED.c.number) & (ORDINARY.c.id == EMPLOYERS.c.id) & ORDINARY.c.changes
    stamp = {"updated_at": now()}
    db.session.execute(update(EMPLOYERS).where(of_line).values(**often, **stamp))
    db.session.execute(update(EMPLOYERS).where(of_line, queries.differing(seldom)).values(**seldom))


def _move_stages(context: Context) -> None:
    groups: dict[Stage, list[SetMove]] = defaultdict(list)
    for employer_id, source, target, status, paid, pay_day, months in read_tuples(queries.moves()):
        proof = evidence(context, status, paid, pay_day, months)
        groups[target].append(SetMove(employer_id, employer_id, source.value, proof))
    for target, moves in groups.items():
        transition_many(LIFECYCLE, f"statement_{target.value}", moves)


ORDINARY_LINES = Setwise(STAGED, reckon, take)
