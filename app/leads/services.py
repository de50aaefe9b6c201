"""Leads from lists: the company registry, the bank's new accounts, the insured employees.

Firms that nobody knew become prospects. Of known ones each source tells its part; whose word counts,
`employers.sources` decides, whatever the order in which files arrive.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from app.core import signals
from app.core.code_tables import codes, nearest
from app.core.importing.spec import Context, Line, Plan, Ref, id_of
from app.core.language.text import name_key
from app.core.undoing.reversible import plain
from app.employers.models import Employer, Stage
from app.employers.search.services import reindex
from app.employers.sources.policy import BANK, BY_HAND, INSURANCE, REGISTRY
from app.employers.sources.queries import Known
from app.employers.sources.services import (
    plan_known,
    plan_prospect,
    plan_source,
    refused,
    tell_replaced,
)
from app.leads.eligibility.services import judge
from app.leads.ledger.services import refresh
from app.leads.policy import status_of
from app.leads.queries import Directory, directory
from app.lifecycle.services import reverted_employers

Values = Mapping[str, Any]

#: what is remarked of a firm on a lead list that is none any more
PAST_LEADS = {
    Stage.REGISTERED: "has_account",
    Stage.ENROLLED: "has_account",
    Stage.SEALED: "sealed",
    Stage.CLOSING: "closing",
    Stage.CLOSED: "closed",
    Stage.DISMISSED: "dismissed",
}
LEADS = (Stage.PROSPECT, Stage.ENGAGED)
INSURED = ("insured_heads", "insured_as_of", "insured_source")
STATUS = ("operating_status_source", "operating_status_as_of")
#: the registry and the social insurance in the code table of sources
FROM_REGISTRY = "01"
FROM_INSURANCE = "02"


def plan_registry(lines: Sequence[Line], context: Context) -> list[Plan]:
    """Compares a chunk of registry rows with the employers that are known."""
    known = directory(lines, context, REGISTRY, STATUS)
    return [_plan_registered(line, known, context) for line in lines]


def _plan_registered(line: Line, looked: Directory, context: Context) -> Plan:
    made, known = Plan(line), looked.of_code(line)
    if known is not None and refused(made, known):
        return made
    claims = {
        **line.values,
        "operating_status": None,
        **_industry(made, context),
        **_status(made, known, context),
    }
    if known is None:
        plan_prospect(made, REGISTRY, claims, context, **_since(made, claims, None, context))
        return made
    latest = known["registry_as_of"]
    day = context.as_of if latest is None else max(latest, context.as_of)
    plan_known(
        made, known, REGISTRY, claims, context, registry_as_of=day, **_since(made, claims, known, context)
    )
    return made


def _industry(made: Plan, context: Context) -> dict[str, Any]:
    """The industry's words as they are written, and the code of the table that code or words belong to."""
    said = [one for name in ("industry_code", "industry_written") if (one := made.line.values.get(name))]
    if not said:
        return {}
    seen: dict[str, str | None] = context.memory.setdefault("industries", {})
    for one in said:
        if one not in seen:
            seen[one] = nearest(codes("industry"), one)
    found = next((code for one in said if (code := seen[one])), None)
    if found is None:
        made.remark("unknown_industry", "industry_written")
    return {"industry": found, "industry_written": " ".join(said)[:80]}


def _status(made: Plan, known: Known | None, context: Context) -> dict[str, Any]:
    """What the registry says of the firm's operation, unless something later is known of it."""
    written = made.line.values.get("operating_status")
    if not written or (known is not None and _told_on(known) > context.as_of):
        return {}
    found = status_of(written)
    if found is None:
        made.remark("unknown_status", "operating_status")
    return {"operating_status": found}


def _told_on(known: Known) -> date:
    """Of which day the present status is; the file that told it may be of a later day than the event."""
    teller, day = (known["told"] or {}).get("operating_status", (REGISTRY, None))
    days = [known["operating_status_as_of"]]
    if known["operating_status"] is not None and teller not in BY_HAND:
        days.append(date.fromisoformat(day) if day else known["registry_as_of"])
    return max((one for one in days if one is not None), default=date.min)


def _since(made: Plan, claims: Values, known: Known | None, context: Context) -> dict[str, Any]:
    """Source and day of the operating status, where the registry's is what holds from now on.

    The day is that of the row, or else that of the file.
    """
    status = claims["operating_status"]
    if status is None or (known is not None and not _holds(made, status, known, context)):
        return {}
    return dict(zip(STATUS, (FROM_REGISTRY, _day(made, context)), strict=True))


def _day(made: Plan, context: Context) -> date:
    day: date | None = made.line.values.get("operating_status_as_of")
    return min(day or context.as_of, context.as_of)


def _holds(made: Plan, status: str, known: Known, context: Context) -> bool:
    """Whether the registry's word is the record's already, or replaces it; a person's only by an answer."""
    present, teller = known["operating_status"], (known["told"] or {}).get("operating_status", ("",))[0]
    if status == present or teller not in BY_HAND:
        return True
    return context.answers.take(made.line.number, "operating_status", str(present))


def plan_bank(lines: Sequence[Line], context: Context) -> list[Plan]:
    """Rows of the bank's list; whom it names opened an account there."""
    return _plan_listed(lines, context, BANK)


def plan_insured(lines: Sequence[Line], context: Context) -> list[Plan]:
    """Rows of the social insurance's list; the newest list says how many are insured."""
    return _plan_listed(lines, context, INSURANCE)


def _newest(values: Values, known: Known | None, source: str, as_of: date) -> dict[str, Any]:
    """The columns that the newest list sets beside what it claims."""
    columns: dict[str, Any] = {}
    if known is None or known["listed_on"] is None or known["listed_on"] < as_of:
        columns["listed_on"] = as_of
    if source == INSURANCE and (
        known is None or known["insured_as_of"] is None or known["insured_as_of"] <= as_of
    ):
        columns |= dict(zip(INSURED, (values["insured_heads"], as_of, FROM_INSURANCE), strict=True))
    return columns


def _plan_listed(lines: Sequence[Line], context: Context, source: str) -> list[Plan]:
    """Rows with a code come first, so that one without finds the employer that another row just named."""
    looked = directory(lines, context, source, INSURED)
    named: dict[str, Line] = {}
    plans: dict[int, Plan] = {}
    for line in sorted(lines, key=lambda line: not line.values.get("uscc")):
        made = plans[line.number] = Plan(line)
        known = _listed(made, looked, named)
        if made.reasons:
            continue
        more = _newest(line.values, known, source, context.as_of)
        employer: int | Ref
        if known is None:
            employer = plan_prospect(made, source, line.values, context, **more)
        else:
            employer = known["id"]
            plan_known(made, known, source, line.values, context, **more)
        _plan_said(made, employer, known, looked, source, context)
    return [plans[line.number] for line in lines]


def _listed(made: Plan, looked: Directory, named: dict[str, Line]) -> Known | None:
    """The employer that a line names; None for a new one. Rejects what is ambiguous or out of reach."""
    values, key = made.line.values, name_key(made.line.values["name"])
    if values.get("uscc"):
        named.setdefault(key, made.line)
        known = looked.of_code(made.line)
    else:
        known = _called(made, key, looked, named)
    if known is not None and not made.reasons:
        refused(made, known)
    return known


def _called(made: Plan, key: str, looked: Directory, named: dict[str, Line]) -> Known | None:
    """The employer of a line without a credit code: the only one of its name."""
    found = looked.names.get(key, ())
    if (first := named.setdefault(key, made.line)) is not made.line:
        made.reject("repeated", row=first.number)
    elif len(found) > 1:
        made.reject("ambiguous", "name", number=len(found))
    else:
        made.remark("missing", "uscc")
    return found[0] if found else None


def _plan_said(
    made: Plan, employer: int | Ref, known: Known | None, looked: Directory, source: str, context: Context
) -> None:
    """Keeps what the source said. That a firm contributes already is remarked, and its row no change."""
    stage = known["stage"] if known is not None else Stage.PROSPECT
    values, told_by = made.line.values, made.line.values.get("outlet") or ""
    said = {name: value for name, value in values.items() if value is not None and name in SAID[source]}
    if known is not None and name_key(values["name"]) != known["name_key"]:
        said["name"] = values["name"]
    row = {"source": source, "as_of": context.as_of, "told_by": told_by, "said": plain(said)}
    before = looked.said.get((known["id"], told_by)) if known is not None else None
    row["batch_id"] = context.batch_id
    plan_source(made, employer, before, row, beside=stage not in LEADS)
    if stage not in LEADS:
        made.remark(PAST_LEADS.get(stage, "already_contributing"))


#: what is kept of a line as the source's own words
SAID = {
    BANK: ("outlet", "account_opened_on", "phone", "address"),
    INSURANCE: ("insured_heads", "area"),
}


def applied(plans: Sequence[Plan], context: Context) -> None:
    """After a chunk is written: the search finds the firms, rules judge them, and the ledger has them."""
    tell_replaced(plans, context)
    ids = {id_of(write.id) for one in plans for write in one.writes if write.model is Employer}
    reindex(ids)
    changed = {one.employer_id: one for one in judge(sorted(ids))}
    for one in plans:
        if (change := changed.pop(one.record_id or 0, None)) is not None:
            one.note(Employer, change.employer_id, change.before, change.after)
    refresh(ids)
    told = {
        id_of(write.id)
        for one in plans
        for write in one.writes
        if write.model is Employer and write.before is not None and "operating_status" in write.after
    }
    _tell_of_status(sorted(told))


def reverted(restored: Mapping[str, Sequence[int]], context: Context) -> None:
    """After an undo: stages, the search, and what had followed from the operating status."""
    reverted_employers(restored, context)
    _tell_of_status(restored.get(Employer.__tablename__, ()))


def _tell_of_status(employer_ids: Sequence[int]) -> None:
    if employer_ids:
        signals.operating_status_changed.send(None, employer_ids=employer_ids)
