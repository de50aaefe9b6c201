"""The drive of the synthetic department's present year, in every state, written set-wise."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select, update

from app.contributions.adjustment import services
from app.contributions.adjustment.models import Adjustment, AdjustmentState
from app.contributions.adjustment.policy import bounds_of
from app.contributions.adjustment.workflow import ADJUSTMENT
from app.core.db import db
from app.core.demo import Demo
from app.core.periods import YEAR_BEGINS
from app.core.rules.rates import Bounds
from app.core.workflow.sets import SetMove, transition_many
from app.employers.models import Employer

#: of ten employers so many stand in a state
PATTERN = "ccccssrail"
NAMES = {
    "c": AdjustmentState.CHECKED,
    "s": AdjustmentState.SUBMITTED,
    "r": AdjustmentState.RETURNED,
    "a": AdjustmentState.ATTENDED,
    "i": AdjustmentState.INVITED,
    "l": AdjustmentState.LISTED,
}


def load(demo: Demo) -> None:
    """Draws on nobody's dice: what the other parts make stays the same."""
    year = demo.today.year if demo.today.month >= YEAR_BEGINS else demo.today.year - 1
    opens = date(year, YEAR_BEGINS, 1)
    closes = max(date(year, YEAR_BEGINS + 1, 31), demo.today + timedelta(days=40))
    drive = services.open_drive(year, opens, closes, None)
    query = (
        select(Adjustment.id, Adjustment.employer_id, Employer.heads)
        .join(Employer)
        .where(Adjustment.drive_id == drive.id)
        .order_by(Employer.id)
    )
    within, values, submitted, short = bounds_of(year), [], [], []
    for number, (row_id, employer_id, heads) in enumerate(db.session.execute(query)):
        state = NAMES[PATTERN[number * 7 % 10]]
        values.append({"id": row_id, **_row(state, number, heads or 1, opens, within)})
        if state in (AdjustmentState.SUBMITTED, AdjustmentState.RETURNED):
            submitted.append(SetMove(row_id, employer_id, "listed"))
        if state is AdjustmentState.RETURNED:
            short.append(SetMove(row_id, employer_id, "submitted"))
    if values:
        db.session.execute(update(Adjustment), values)
    transition_many(ADJUSTMENT, "submit", submitted)
    transition_many(ADJUSTMENT, "fall_short", short)


def _row(state: AdjustmentState, number: int, heads: int, opens: date, within: Bounds) -> dict[str, Any]:
    """What the row says; those that the workflow moves on are left where they begin."""
    moved = state in (AdjustmentState.SUBMITTED, AdjustmentState.RETURNED)
    came = state not in (AdjustmentState.LISTED, AdjustmentState.INVITED)
    low = within.lowest_base - 200 if state is AdjustmentState.RETURNED else within.lowest_base + number % 900
    base = Decimal(low + 2000 * (number % 5 + 1)) if heads > 1 else Decimal(low)
    handed_in = moved or state is AdjustmentState.CHECKED
    return {
        "state": AdjustmentState.LISTED if moved else state,
        "invited_on": None if state is AdjustmentState.LISTED else opens + timedelta(days=number % 9),
        "attended_on": opens + timedelta(days=12 + number % 3) if came else None,
        "submitted_on": opens + timedelta(days=16 + number % 30) if handed_in else None,
        "heads": heads if handed_in else None,
        "lowest": Decimal(low) if handed_in else None,
        "highest": base if handed_in else None,
        "total_base": Decimal(low) + base * (heads - 1) if handed_in else None,
    }
