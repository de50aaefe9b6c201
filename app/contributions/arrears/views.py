"""The worklist of arrears, and the page of a case."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.contributions.arrears import queries, workflow
from app.contributions.arrears.lists import (
    APART,
    BEHIND,
    GOOD,
    LATEST,
    MISSING,
    WORKLIST,
    of_bucket,
    of_standing,
)
from app.contributions.arrears.models import OUTCOME_LABELS, OUTCOME_TONES
from app.contributions.arrears.policy import REASONS, Permission
from app.contributions.standing.policy import STANDING_LABELS, buckets
from app.contributions.standing.queries import Report, report
from app.core.code_tables import label
from app.core.criteria.trees import Tree, to_query
from app.core.errors import NotFound
from app.core.language import formats
from app.core.periods import Period
from app.core.permissions import current_actor, requires
from app.core.workflow.engine import WorkflowHistory, available, history
from app.employers.models import ACCOUNT_STATUS_LABELS
from app.lifecycle.escalation.queries import standing

bp = Blueprint("arrears", __name__, url_prefix="/arrears")


@bp.route("", methods=["GET", "POST"])
@requires(Permission.VIEW)
def index() -> ResponseReturnValue:
    """As the latest statements left it, or on the day that the form asks for."""
    if asked := request.args.get("day"):
        return redirect(url_for(".on_day", day=_day(asked).isoformat()))
    return _worklist(None)


@bp.route("/on/<day>", methods=["GET", "POST"])
@requires(Permission.VIEW)
def on_day(day: str) -> ResponseReturnValue:
    return _worklist(_day(day))


@bp.get("/<int:id>")
@requires(Permission.VIEW)
def show(id: int) -> str:
    """One spell of arrears: its statements, what was said, and the steps."""
    actor = current_actor()
    case = workflow.load(id, actor)
    return render_template(
        "arrears/show.html",
        case=case,
        workflow=workflow.ARREARS,
        options=available(workflow.ARREARS, case, actor),
        history=history(workflow.ARREARS, case.id),
        facts=queries.history_of(case),
        statuses=ACCOUNT_STATUS_LABELS,
        outcomes=OUTCOME_LABELS,
        tones=OUTCOME_TONES,
        reasons=REASONS,
        escalation=standing(case.employer_id),
    )


@bp.context_processor
def _helpers() -> dict[str, Any]:
    return {"marked": _marked, "evidence_of": _evidence_of}


def _marked(tabs: list[dict[str, Any]], tree: Tree) -> list[dict[str, Any]]:
    """The tabs, with the one whose rows are shown."""
    return [{**tab, "here": tab["tree"] == tree} for tab in tabs]


def _evidence_of(row: WorkflowHistory) -> str:
    """The facts before and after, as a sentence."""
    after, before = row.evidence.get("after"), row.evidence.get("before")
    if "operating_status" in row.evidence:
        status = label("operating_status", row.evidence["operating_status"]) or "—"
        return str(_("Not gone after all (operating status: %(status)s)", status=status))
    if not after:
        return " · ".join(_answers(row.answers))
    said: str = _(
        "Statement of %(month)s: %(before)s → %(after)s months unpaid, paid through %(paid)s",
        month=formats.period(Period.parse(row.evidence["statement"])),
        before=before["months"] if before else "—",
        after=after["months"],
        paid=formats.period(Period.parse(after["paid_through"])) if after["paid_through"] else "—",
    )
    return said


def _answers(answers: Mapping[str, Any]) -> Iterator[str]:
    """What a person recorded with a step: why it is late, and the day that was promised or written on."""
    if reason := label(REASONS, answers.get("reason")):
        yield reason
    for name, words in (("promised_for", _("Promised to pay by")), ("urged_on", _("Letter sent on"))):
        if day := answers.get(name):
            yield f"{words} {day}"


def _worklist(day: date | None) -> ResponseReturnValue:
    counts = report(day, current_actor())
    return WORKLIST.respond(
        day.isoformat() if day else LATEST, counts=counts, tabs=_tabs(counts), missing=_address(MISSING),
        good_rows=_address(GOOD),
        apart=[
            (STANDING_LABELS[one], number, _address(of_standing(one)))
            for one, number in counts.apart.items()
        ],
    )  # fmt: skip


def _tabs(counts: Report) -> list[dict[str, Any]]:
    """All that are behind, the buckets, and those listed apart: each with count and rows."""
    found = [_tab(_("All in arrears"), BEHIND, counts.behind)]
    for bucket in buckets(counts.on):
        number = sum(many for months, many in counts.employers.items() if bucket.holds(months))
        found.append(_tab(bucket.label, of_bucket(bucket), number))
    return [*found, _tab(_("Listed apart"), APART, counts.apart.total())]


def _tab(label: Any, tree: Tree, count: int) -> dict[str, Any]:
    return {"label": label, "url": _address(tree), "count": count, "tree": tree}


def _address(tree: Tree) -> str:
    """Of these rows of the list that is shown."""
    return url_for(str(request.endpoint), **{**(request.view_args or {}), **to_query(tree)})


def _day(text: str) -> date:
    """The day of an address; NotFound for what is none."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise NotFound(_("There is no such day.")) from None
    if not 1999 <= day.year <= 2100:
        raise NotFound(_("There is no such day."))
    return day
