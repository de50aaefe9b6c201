"""Taking in the lines of a gateway's bill, each with the message that it is for."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.core.importing.spec import Context, Line, Plan
from app.core.language.formats import masked_phone
from campaigns.results.reconciling import queries
from campaigns.results.reconciling.models import BillLine


def plan(lines: Sequence[Line], context: Context) -> list[Plan]:
    """Three statements a chunk. A line that no message answers to is kept as such: it is a difference."""
    keys = [line.values["message"] for line in lines]
    phones = [phone for line in lines if (phone := line.values.get("phone"))]
    rows = queries.named(keys, phones, context.actor)
    found = {name: id_ for id_, *names in rows for name in _names(*names)}
    known = queries.known_lines(keys, context.period)
    return [_plan(line, found, known, context) for line in lines]


def _names(own: str, theirs: str | None, phone: str | None) -> list[tuple[str, str]]:
    """As what a bill may name a message: by our key, or by the gateway's number, which a batch may share."""
    made = [(own, ""), (own, phone or "")]
    return [*made, (theirs, phone or "")] if theirs else made


def _plan(
    line: Line,
    found: Mapping[tuple[str, str], int],
    known: Mapping[tuple[str, str], Mapping[str, Any]],
    context: Context,
) -> Plan:
    made, key, phone = Plan(line), line.values["message"], line.values.get("phone") or ""
    there = known.get((key, masked_phone(phone) if phone else ""))
    # a line keeps its message where somebody of another branch, who does not see it, brings the same bill
    message_id = found.get((key, phone)) or (there["message_id"] if there else None)
    values = {"message_id": message_id, "segments": line.values["segments"], "price": line.values["price"]}
    if message_id is None:
        made.remark("missing_here", "message", value=key)
    if there is not None:
        made.update(BillLine, dict(there), values)
        return made
    masked = masked_phone(phone) if phone else ""
    named = {"branch_id": context.branch_id, "period": context.period, "message_key": key, "phone": masked}
    made.create(BillLine, {**named, **values})
    return made
