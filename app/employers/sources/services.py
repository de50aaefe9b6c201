"""Planning what a line of a list changes of an employer, the same way for every list."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import select

from app.audit import services as audit
from app.core import timeline
from app.core.db import among, db
from app.core.importing.conflicts import REPLACED
from app.core.importing.spec import Context, Plan, Ref
from app.core.language.i18n import msgid
from app.core.language.text import name_key
from app.core.timeline import TimelineEntry
from app.employers.models import Employer, FormerName, Stage
from app.employers.sources.models import EmployerSource
from app.employers.sources.policy import TELLERS, founded, heard_first, obligation, weighed
from app.employers.sources.queries import Known

Values = Mapping[str, Any]
TAKEN = msgid("An import replaced what was corrected by hand. %(field)s: %(old)s → %(new)s")
RESTORED = msgid("The import was taken back, and what was corrected by hand stands again. %(field)s: %(old)s")

#: what a line may write of a record without changing what the record says
BETWEEN_THE_LINES = frozenset(
    {"told", "registry_as_of", "listed_on", "source", "source_as_of"}
    | {"operating_status_source", "operating_status_as_of"}
)


def refused(made: Plan, known: Known) -> bool:
    """Rejects a line about an employer of another branch, or about a record that was merged."""
    if not known["within_reach"]:
        made.reject("other_branch")
    elif known["merged_into_id"] is not None:
        made.reject("merged", "uscc" if known["uscc"] else "")
    return bool(made.reasons)


def plan_prospect(made: Plan, source: str, claims: Values, context: Context, **more: Any) -> Ref:
    """The source is the first to name the employer: a lead of the branch."""
    code = made.line.values.get("uscc")
    return made.create(
        Employer,
        {
            **founded(source, context.as_of, claims, code),
            "name_key": name_key(claims["name"]),
            "uscc": code,
            "stage": Stage.PROSPECT,
            "branch_id": context.branch_id,
            **more,
        },
    )


def plan_known(made: Plan, known: Known, source: str, claims: Values, context: Context, **more: Any) -> None:
    """The source names an employer that is known: its claims are weighed. Another name is a renaming."""
    changes = weigh(made, known, source, context.as_of, claims, context)
    update_employer(made, known, {**changes, **heard_first(source, context.as_of, known), **more}, context)


def weigh(
    made: Plan, known: Known, source: str, day: date, claims: Values, context: Context
) -> dict[str, Any]:
    """The columns that a line changes; what contradicts people's corrections is remarked with the answer."""

    def replaces(field: str, correction: Any) -> bool:
        return context.answers.take(made.line.number, field, str(correction))

    changes, contradictions = weighed(known, source, day, claims, replaces)
    for field, one in contradictions.items():
        correction, claim = str(known[field]), str(one.claim)
        made.conflict(field, correction, claim, since=one.since, replaced=one.replaced)
    return changes


def tell_replaced(plans: Sequence[Plan], context: Context) -> None:
    """After a chunk is written: each correction that the file replaced is on its employer's timeline."""
    told = [
        timeline.Happening(
            made.record_id,
            TAKEN,
            {
                "field": {"msgid": label_of(one.column)},
                "old": one.params["correction"],
                "new": one.params["value"],
            },
            link_id=context.batch_id,
        )
        for made in plans
        for one in made.conflicts
        if one.code == REPLACED and one.column in TELLERS and made.record_id is not None
    ]
    timeline.record_many("employer", told, actor=context.actor)


def tell_restored(employer_ids: Collection[int], context: Context) -> None:
    """After an import was taken back: what it replaced is people's word again, and the timeline says so."""
    query = select(TimelineEntry.employer_id, TimelineEntry.params).where(
        among(TimelineEntry.employer_id, employer_ids),
        TimelineEntry.link_id == context.batch_id,
        TimelineEntry.kind == "employer",
        TimelineEntry.summary == TAKEN,
    )
    told = [
        timeline.Happening(employer_id, RESTORED, params, link_id=context.batch_id)
        for employer_id, params in db.session.execute(query).all()
    ]
    timeline.record_many("employer", told, actor=context.actor)


def label_of(field: str) -> str:
    """The msgid of a column of employers: "Registered capital"."""
    words = field.replace("_", " ")
    return words[:1].upper() + words[1:]


def update_employer(
    made: Plan, known: Known, changes: Values, context: Context, no_news: frozenset[str] = frozenset()
) -> None:
    """Sets fields of an employer with what goes with them: a name's key and former name, a code's duties."""
    values = dict(changes)
    renamed = "name" in values and name_key(values["name"]) != known["name_key"]
    if renamed:
        values["name_key"] = name_key(values["name"])
    if known["uscc"] is None and (code := made.line.values.get("uscc")):
        values |= {"uscc": code, **(obligation(code) if known["eligible"] else {})}
    changed = {name for name, value in values.items() if known[name] != value}
    made.update(Employer, known, values, no_news, beside=changed <= BETWEEN_THE_LINES)
    if renamed:
        former = {"name": known["name"], "name_key": known["name_key"], "until": context.as_of}
        made.create(FormerName, {"employer_id": known["id"], **former})


def plan_source(
    made: Plan, employer: int | Ref, before: Known | None, values: Values, *, beside: bool
) -> None:
    """Writes down what a source said on a day, or corrects it. `beside` where it is no news of a lead."""
    if before is None:
        made.create(EmployerSource, {"employer_id": employer, **values}, beside=beside)
    else:
        made.update(EmployerSource, before, {"said": values["said"]}, beside=beside)


def reveal(source: EmployerSource, reason: str) -> str:
    """The telephone number that a list gave; who reads it, and why, is an event of the audit trail."""
    subject, name = ("employer_sources", source.id), source.employer.name
    audit.record(msgid("Personal data revealed"), subject, name=name, details={"reason": reason})
    return str(source.said.get("phone") or "")
