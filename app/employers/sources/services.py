"""Planning what a line of a list changes of an employer, the same way for every list."""

from collections.abc import Mapping
from typing import Any

from app.audit import services as audit
from app.core.i18n import msgid
from app.core.import_spec import Context, Plan, Ref
from app.core.text import name_key
from app.employers.models import Employer, FormerName, Stage
from app.employers.sources.models import EmployerSource
from app.employers.sources.policy import founded, heard_first, obligation, weighed
from app.employers.sources.queries import Known

Values = Mapping[str, Any]
#: what a line may write of a record without changing what the record says
BETWEEN_THE_LINES = frozenset({"told", "registry_as_of", "listed_on", "source", "source_as_of"})


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
    changes, withstood = weighed(known, source, context.as_of, claims)
    update_employer(made, known, {**changes, **heard_first(source, context.as_of, known), **more}, context)
    for field, value in withstood.items():
        made.remark("corrected_by_hand", field, value=str(value))


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


def reveal(source: EmployerSource, reason: str) -> None:
    """Somebody reads the telephone number that a list gave; that, and why, is an event of the audit trail."""
    subject, name = ("employer_sources", source.id), source.employer.name
    audit.record(msgid("Personal data revealed"), subject, name=name, details={"reason": reason})
