"""Keeping rows of a batch: what was rejected and why, what was changed from what, and samples."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select, literal, select

from app.core.bulk import insert_rows
from app.core.db import Json, changed
from app.core.importing.lines import Misread
from app.core.importing.spec import Context, Outcome, Plan, Reason
from app.core.undoing.reversible import notes_of, plain, planned_notes, table_of
from app.imports.models import ImportRow

SAMPLES = 50
#: characters of a cell that a page has room for
LONGEST_SHOWN = 80
#: shared by the many rows that have none, and so written as JSON once
NO_VALUES: dict[str, Any] = {}
NO_NOTES: list[Any] = []
NO_REASONS: list[Any] = []


@dataclass(slots=True)
class RowKeeper:
    """Keeps the rows of one run of a batch."""

    context: Context
    seen: Counter[Outcome] = field(default_factory=Counter)

    def is_sample(self, outcome: Outcome) -> bool:
        """Whether a row is kept for showing: every rejection, and the first of each other outcome."""
        self.seen[outcome] += 1
        return outcome is Outcome.REJECTED or self.seen[outcome] <= SAMPLES

    def keep(self, plans: Sequence[Plan], misread: Sequence[Misread]) -> None:
        rows = [self._row(plan) for plan in plans] + [self._misread(one) for one in misread]
        if rows:
            insert_rows(table_of(ImportRow), rows)

    def keep_set(self, noted: Select[*tuple[Any, ...]]) -> int:
        """Keeps the rows that a set-wise way is about to change: see `core.importing.spec.Remember`."""
        row = noted.subquery()
        given = {
            "batch_id": literal(self.context.batch_id),
            "number": row.c.number,
            "outcome": literal(Outcome.CHANGED.value),
            "key": row.c.key,
            "record_id": row.c.record_id,
            "values": literal(NO_VALUES, Json),
            "notes": row.c.notes,
            "reasons": literal(NO_REASONS, Json),
            "kept": literal(NO_VALUES, Json),
        }
        return changed(table_of(ImportRow).insert().from_select(list(given), select(*given.values())))

    def _misread(self, one: Misread) -> dict[str, Any]:
        return {
            "batch_id": self.context.batch_id,
            "number": one.number,
            "outcome": Outcome.REJECTED,
            "key": one.key,
            "record_id": None,
            "values": one.cells,
            "notes": NO_NOTES,
            "reasons": _reasons(one.reasons),
            "conflict": None,
        }

    def _row(self, plan: Plan) -> dict[str, Any]:
        outcome, said = plan.outcome, [*plan.reasons, *plan.remarks]
        rejected = outcome is Outcome.REJECTED
        return {
            "batch_id": self.context.batch_id,
            "number": plan.line.number,
            "outcome": outcome,
            "key": plan.line.key,
            "record_id": None if rejected else plan.record_id,
            "values": _short(plain(plan.line.values)) if self._shows(plan, outcome) else NO_VALUES,
            "notes": NO_NOTES if rejected else self._notes(plan),
            "reasons": _reasons(said) if said else NO_REASONS,
            "conflict": True if plan.conflicts else None,
        }

    def _notes(self, plan: Plan) -> list[Any]:
        return planned_notes(plan) if self.context.dry_run else notes_of(plan)

    def _shows(self, plan: Plan, outcome: Outcome) -> bool:
        """Whether the row's values are kept: of all that something is said of, and of the first others.

        Of a dry run the first alone come here; of an applied row that changed people see what changed.
        """
        told = outcome is Outcome.REJECTED or plan.remarks or self.context.dry_run
        return bool(told) or (outcome is not Outcome.CHANGED and self.is_sample(outcome))


def _short(values: dict[str, Any]) -> dict[str, Any]:
    long = {name: one for name, one in values.items() if isinstance(one, str) and len(one) > LONGEST_SHOWN}
    return values | {name: f"{one[: LONGEST_SHOWN - 1]}…" for name, one in long.items()}


def _reasons(reasons: Sequence[Reason]) -> list[Any]:
    return [[reason.column, reason.code, dict(reason.params)] for reason in reasons]
