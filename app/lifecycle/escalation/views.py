"""The worklist, one escalation, and the figures."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts.models import User
from app.audit import services as audit
from app.core.clock import today
from app.core.db import db
from app.core.escalating import REACHED, Exhibit, Outcome, Step
from app.core.features import current_features
from app.core.language.i18n import msgid
from app.core.links import url_if
from app.core.permissions import current_actor, may, requires
from app.core.sheets.workbooks import MEDIA_TYPE, Value, workbook_bytes
from app.core.workflow.engine import available, history, of_others
from app.employers.policy import Permission as Employers
from app.employers.queries import find as find_employer
from app.employers.queries import possible_owners
from app.lifecycle.escalation import queries, services, workflow
from app.lifecycle.escalation.forms import BeginForm, PassOnForm, SkipForm
from app.lifecycle.escalation.lists import ESCALATIONS, PASSAGES, days_left
from app.lifecycle.escalation.models import (
    BREACH_LABELS,
    OUTCOME_LABELS,
    OUTCOME_TONES,
    STEP_LABELS,
    Escalation,
    EscalationEvidence,
)
from app.lifecycle.escalation.policy import Permission
from app.lifecycle.escalation.proving.policy import exhibits
from app.lifecycle.escalation.skipping.workflow import SKIP
from app.lifecycle.escalation.workflow import ESCALATION, SKIPS

blueprint = Blueprint("escalation", __name__, url_prefix="/escalations")

LABELS = {
    "breaches": BREACH_LABELS, "steps": STEP_LABELS, "outcomes": OUTCOME_LABELS, "tones": OUTCOME_TONES,
}  # fmt: skip


@blueprint.route("", methods=["GET", "POST"])
@requires(Permission.VIEW)
def index() -> ResponseReturnValue:
    return ESCALATIONS.respond()


@blueprint.get("/<int:id>")
@requires(Permission.VIEW)
def show(id: int) -> str:
    actor = current_actor()
    one = queries.with_all(workflow.load(id, actor))
    pass_on = PassOnForm(holder_id=one.holder_id)
    pass_on.offer(possible_owners(one.branch_id))
    skips = queries.skips_of(one.id)
    asked = next((skip for skip in skips if skip.state.value == "asked"), None)
    return render_template(
        "lifecycle/escalation/show.html",
        one=one,
        machine=ESCALATION,
        options=available(ESCALATION, one, actor),
        others=of_others(ESCALATION, one, actor),
        history=history(ESCALATION, one.id),
        law=queries.law_ahead(one),
        ahead=_ahead(one),
        skips=skips,
        skip_machine=SKIP,
        skip_options=available(SKIP, asked, actor) if asked else (),
        asked=asked,
        may_skip=one.state.value in SKIPS and asked is None,
        pass_on=pass_on,
        waits_for_others=_waits_for_others(one),
        origin=current_features().origins.get(one.origin),
        **LABELS,
    )


def _waits_for_others(one: Escalation) -> bool:
    """It is time for the next step, and none that leads on is for whoever carries the matter."""
    if one.holder is None or one.due_on is None or one.due_on >= today() or one.owner_id is None:
        return False
    ways = [t.permission for t in ESCALATION.transitions if one.state.value in t.sources and t.name != "stop"]
    needed = [permission for permission in ways if permission is not None]
    return bool(needed) and not any(may(one.holder, permission) for permission in needed)


def _ahead(one: Escalation) -> list[tuple[Step, list[tuple[Exhibit, str | None]]]]:
    """What would be filed with the next step, were it taken now, each with the page of its record."""
    steps = queries.AHEAD.get(one.state.value, ())[:1]
    return [
        (step, [(found, _record_url(kind, found.record_id)) for kind, found in exhibits(one, step)])
        for step in steps
    ]


@blueprint.context_processor
def _helpers() -> dict[str, Any]:
    return {
        "evidence_url": _evidence_url,
        "kind_label": _kind_label,
        "days_left": days_left,
        "today": today(),
    }


def _evidence_url(evidence: EscalationEvidence) -> str | None:
    """The page of the record that proves it, where there is one."""
    return _record_url(evidence.kind, evidence.record_id)


def _record_url(name: str, record_id: int | None) -> str | None:
    kind = current_features().evidence.get(name)
    if kind is None or kind.endpoint is None or record_id is None:
        return None
    return url_if(kind.endpoint, **{kind.argument: record_id})


def _kind_label(name: str) -> Any:
    own = {
        "law": _("Law"),
        "letter": _("Letter"),
        "order": _("Order to comply"),
        "decision": _("Decision taken"),
    }
    kind = current_features().evidence.get(name)
    return kind.label if kind else own.get(name, name)


@blueprint.route("/begin/<int:employer_id>", methods=["GET", "POST"])
@requires(Permission.WORK)
def begin(employer_id: int) -> ResponseReturnValue:
    actor = current_actor()
    employer = find_employer(employer_id, actor)
    offers = queries.offers(employer)
    form = BeginForm()
    form.offer((one.origin.name, one.origin.label) for one in offers if not one.objections)
    if form.validate_on_submit():
        one = services.begin(employer, actor, form.reason.data or "", form.origin.data)
        db.session.commit()
        flash(_("The escalation has begun: contact the employer first."), "success")
        return redirect(url_for(".show", id=one.id))
    status = 422 if form.is_submitted() else 200
    return render_template(
        "lifecycle/escalation/begin.html", employer=employer, form=form, offers=offers, **LABELS
    ), status


@blueprint.route("/<int:id>/skip", methods=["GET", "POST"])
@requires(Permission.WORK)
def skip(id: int) -> ResponseReturnValue:
    actor = current_actor()
    one = workflow.load(id, actor)
    form = SkipForm()
    form.offer((name, ESCALATION.state(name).label) for name in SKIPS.get(one.state.value, ()))
    if form.validate_on_submit():
        services.ask_skip(one, form.target.data, form.reason.data or "", actor)
        db.session.commit()
        flash(_("Asked: a second person consents or does not."), "success")
        return redirect(url_for(".show", id=one.id))
    status = 422 if form.is_submitted() else 200
    return render_template("lifecycle/escalation/skip.html", one=one, form=form, machine=ESCALATION), status


@blueprint.post("/<int:id>/pass-on")
@requires(Permission.WORK)
def pass_on(id: int) -> ResponseReturnValue:
    actor = current_actor()
    one = workflow.load(id, actor)
    form = PassOnForm()
    form.offer(possible_owners(one.branch_id))
    holder = db.session.get(User, form.holder_id.data) if form.validate_on_submit() else None
    if holder is None:
        flash(_("Choose an active colleague of the same branch."), "danger")
    else:
        services.pass_on(one, holder, actor)
        db.session.commit()
        flash(_("Passed on to %(name)s.", name=holder.name), "success")
    return redirect(url_for(".show", id=one.id))


@blueprint.get("/figures")
@requires(Permission.VIEW)
def figures() -> str:
    actor = current_actor()
    years = queries.years(actor)
    year = _asked_year(years)
    return render_template(
        "lifecycle/escalation/figures.html",
        figures=queries.figures(actor, year),
        begun=_begun_in(year),
        aims={"outcome.in": ",".join(REACHED)},
        others={"outcome.in": ",".join(one for one in Outcome if one not in REACHED)},
        year=year,
        years=years,
        machine=ESCALATION,
        **LABELS,
    )


@blueprint.route("/steps", methods=["GET", "POST"])
@requires(Permission.VIEW)
def steps() -> ResponseReturnValue:
    """What the figures count as passed: each step that was left, with its days."""
    return PASSAGES.respond()


@blueprint.get("/figures/workbook")
@requires(Employers.EXPORT)
def workbook() -> ResponseReturnValue:
    """The same figures as a workbook: by step, what came of it, and how many there are in all."""
    actor = current_actor()
    year = _asked_year(queries.years(actor))
    found = queries.figures(actor, year)
    header = [
        _("State"), _("There now"), _("Overdue"), _("Passed"), _("Median days"),
        _("Ended here with success"), _("Ended here otherwise"),
    ]  # fmt: skip
    rows: list[list[Value]] = [
        [
            str(ESCALATION.state(row.name).label), row.here, row.overdue, row.passed, row.median_days,
            row.reached, row.other,
        ]
        for row in found.states
    ]  # fmt: skip
    rows += [[], [_("What came of it"), _("Escalations")]]
    rows += [[str(OUTCOME_LABELS[outcome]), number] for outcome, number in found.outcomes.items()]
    rows += [[], [_("Begun"), found.begun], [_("Reached their aim"), found.reached]]
    rows += [[_("Steps passed over with consent"), found.skipped]]
    title = _("Figures of escalations")
    content = workbook_bytes(title, header, rows)
    audit.record_now(msgid("Figures of escalations exported"), name=title)
    name = f"{title}_{year or today()}.xlsx"
    return send_file(content, mimetype=MEDIA_TYPE, as_attachment=True, download_name=name)


def _asked_year(years: list[int]) -> int | None:
    return next((one for one in years if str(one) == request.args.get("year")), None)


def _begun_in(year: int | None) -> dict[str, str]:
    """The criteria of all that the figures count, those that are over among them."""
    return {"begun_on.between": f"{year}-01-01,{year}-12-31"} if year else {"begun_on.not_empty": ""}
