"""Leads from the company registry: new firms become prospects, known ones get their registry facts."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.core.import_spec import Context, Line, Plan, id_of
from app.core.text import name_key
from app.employers.models import Employer, FormerName, Stage
from app.employers.search.services import reindex
from app.leads.policy import ineligible_reason
from app.leads.queries import REGISTERED, firms_by_code

Values = Mapping[str, Any]


def plan(lines: Sequence[Line], context: Context) -> list[Plan]:
    """Compares a chunk of registry rows with the employers that are known by credit code."""
    known = firms_by_code({line.values["uscc"] for line in lines}, context.actor)
    return [_plan_one(line, known.get(line.values["uscc"]), context) for line in lines]


def _plan_one(line: Line, known: Values | None, context: Context) -> Plan:
    made = Plan(line)
    if known is None:
        made.create(Employer, _prospect(line.values, context))
    elif not known["within_reach"]:
        made.reject("other_branch")
    elif known["merged_into_id"] is not None:
        made.reject("merged", "uscc")
    else:
        _plan_known(made, known, context)
    return made


def _prospect(values: Values, context: Context) -> dict[str, Any]:
    reason = ineligible_reason(values["uscc"])
    return {
        **{name: values.get(name) for name in REGISTERED},
        "name_key": name_key(values["name"]),
        "uscc": values["uscc"],
        "stage": Stage.PROSPECT,
        "branch_id": context.branch_id,
        "area": values.get("area"),
        "source": "registry",
        "eligible": reason is None,
        "ineligible_reason": reason,
    }


def _plan_known(made: Plan, known: Values, context: Context) -> None:
    """Registry facts win over older ones; another name is a renaming, and the former name is kept."""
    values = made.line.values
    new = {name: values[name] for name in REGISTERED if values.get(name) is not None}
    renamed = name_key(values["name"]) != known["name_key"]
    if renamed:
        new["name_key"] = name_key(values["name"])
    else:
        new.pop("name")  # only spacing, width or brackets differ
    made.update(Employer, known, new)
    if renamed:
        former = {"name": known["name"], "name_key": known["name_key"], "until": context.as_of}
        made.create(FormerName, {"employer_id": known["id"], **former})


def applied(plans: Sequence[Plan], _context: Context) -> None:
    """After a chunk is written: the search finds the firms."""
    ids = [id_of(write.id) for one in plans for write in one.writes if write.model is Employer]
    reindex(ids)
