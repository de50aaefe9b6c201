"""Taking in the lines of a gateway's bill, each with the message that it is for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.core.importing.spec import Context, Line, Plan
from app.core.language.formats import masked_phone
from campaigns.gateways.registry import codes_by_name
from campaigns.results.reconciling import queries
from campaigns.results.reconciling.models import BillLine


def plan(lines: Sequence[Line], context: Context) -> list[Plan]:
    """Four statements a chunk. A line that no message answers to is kept as such: it is a difference."""
    keys = [line.values["message"] for line in lines]
    phones = [phone for line in lines if (phone := line.values.get("phone"))]
    looked = _Looked(accounts=codes_by_name())
    for id_, own, theirs, phone, account in queries.named(keys, phones, context.actor):
        for key, number in _names(own, theirs, phone):
            looked.found[account or "", key, number] = id_
            looked.anywhere.setdefault((key, number), {})[id_] = account or ""
    for (account, key, number), line in queries.known_lines(keys, context.period).items():
        looked.known[account, key, number] = looked.brought[key, number] = line
    return [_plan(line, looked, context) for line in lines]


@dataclass
class _Looked:
    """What is known of a chunk's lines: messages and earlier lines by account, number and phone, or without
    the account, which a bill need not name where it is plain."""

    accounts: Mapping[str, str]
    found: dict[tuple[str, str, str], int] = field(default_factory=dict)
    anywhere: dict[tuple[str, str], dict[int, str]] = field(default_factory=dict)
    known: dict[tuple[str, str, str], Mapping[str, Any]] = field(default_factory=dict)
    brought: dict[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)


def _names(own: str, theirs: str | None, phone: str | None) -> list[tuple[str, str]]:
    """As what a bill may name a message: by our key, or by the gateway's number, which a batch may share."""
    made = [(own, ""), (own, phone or "")]
    return [*made, (theirs, phone or "")] if theirs else made


def _plan(line: Line, looked: _Looked, context: Context) -> Plan:
    made, key, phone = Plan(line), line.values["message"], line.values.get("phone") or ""
    said = line.values.get("account") or ""
    account = looked.accounts.get(said, "")
    if said and not account:
        made.reject("no_account", "account", value=said)
        return made
    masked = masked_phone(phone) if phone else ""
    if account:
        message_id, there = looked.found.get((account, key, phone)), looked.known.get((account, key, masked))
    else:
        meant = looked.anywhere.get((key, phone), {})
        if len(set(meant.values())) > 1:
            made.reject("which_account", "account")
            return made
        message_id, account = next(iter(meant.items()), (None, ""))
        there = looked.known.get((account, key, masked)) if account else looked.brought.get((key, masked))
    # a line keeps its message where somebody of another branch, who does not see it, brings the same bill
    message_id = message_id or (there["message_id"] if there else None)
    values = {"message_id": message_id, "segments": line.values["segments"], "price": line.values["price"]}
    if message_id is None:
        made.remark("missing_here", "message", value=key)
    if there is not None:
        made.update(BillLine, dict(there), values)
        return made
    named = {
        "branch_id": context.branch_id, "period": context.period, "account": account, "message_key": key,
        "phone": masked,
    }  # fmt: skip
    made.create(BillLine, {**named, **values})
    return made
