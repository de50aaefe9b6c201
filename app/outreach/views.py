"""Logging and reading visits and calls."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.core.db import db
from app.core.errors import Forbidden
from app.core.features import current_features
from app.core.permissions import current_actor, requires
from app.core.workflow.engine import available
from app.employers.models import Employer, Stage
from app.employers.queries import profile
from app.employers.search.queries import search
from app.outreach import queries, services
from app.outreach.forms import VisitForm
from app.outreach.lists import VISITS
from app.outreach.models import KIND_LABELS, MODE_LABELS, OUTCOME_LABELS, OUTCOME_TONES, TOPIC_LABELS
from app.outreach.policy import Permission, may_correct

bp = Blueprint("outreach", __name__, url_prefix="/visits")

LABELS = {
    "kinds": KIND_LABELS,
    "outcomes": OUTCOME_LABELS,
    "tones": OUTCOME_TONES,
    "topics": TOPIC_LABELS,
    "modes": MODE_LABELS,
}


@bp.context_processor
def _labels() -> dict[str, Any]:
    return {"labels": LABELS}


@bp.route("", methods=["GET", "POST"])
@requires(Permission.VIEW)
def index() -> ResponseReturnValue:
    return VISITS.respond()


@bp.route("/new", methods=["GET", "POST"])
@requires(Permission.LOG)
def new() -> ResponseReturnValue:
    """With an employer the form; without one, the choice of it."""
    actor = current_actor()
    employer_id = request.args.get("employer_id", type=int)
    if employer_id is None:
        return _choose_employer()
    employer = profile(employer_id, actor)
    form = VisitForm()
    form.offer(employer)
    if not form.is_submitted():
        form.prefill()
    if not form.validate_on_submit():
        return _form(form, employer)
    visit = services.log_visit(employer, form.account, actor)
    db.session.commit()
    flash(_("Logged."), "success")
    if employer.stage is Stage.PROSPECT:
        return redirect(url_for(".show", id=visit.id))
    return redirect(url_for("employers.show", employer_id=employer.id))


@bp.get("/<int:id>")
@requires(Permission.VIEW)
def show(id: int) -> ResponseReturnValue:
    """One account; of a prospect it offers the next stage, and leaves it to the reader."""
    actor = current_actor()
    visit = queries.find(id, actor)
    lifecycle = current_features().workflows.get("lifecycle")
    offered = lifecycle if visit.employer.stage is Stage.PROSPECT and visit.by_id == actor.id else None
    return render_template(
        "outreach/show.html",
        visit=visit,
        topics=[str(TOPIC_LABELS.get(topic, topic)) for topic in visit.topics],
        correctable=may_correct(actor, visit),
        lifecycle=offered,
        options=available(offered, visit.employer, actor) if offered else [],
    )


@bp.route("/<int:id>/edit", methods=["GET", "POST"])
@requires(Permission.LOG)
def edit(id: int) -> ResponseReturnValue:
    actor = current_actor()
    visit = queries.find(id, actor)
    if not may_correct(actor, visit):
        raise Forbidden(_("An account of a visit is corrected only by its author, on the same day."))
    form = VisitForm()
    form.offer(visit.employer)
    if not form.is_submitted():
        form.prefill(visit)
    if not form.validate_on_submit():
        return _form(form, visit.employer, visit.id)
    services.correct_visit(visit, form.account, actor)
    db.session.commit()
    flash(_("Saved."), "success")
    return redirect(url_for(".show", id=visit.id))


def _choose_employer() -> ResponseReturnValue:
    actor = current_actor()
    text = request.args.get("q", "")[:100].strip()
    found = [hit.employer for group in search(text, actor) for hit in group.hits]
    employers = found if text else queries.likely_employers(actor)
    return render_template("outreach/choose.html", text=text, employers=employers)


def _form(form: VisitForm, employer: Employer, visit_id: int | None = None) -> ResponseReturnValue:
    status = 422 if form.is_submitted() else 200
    return render_template("outreach/form.html", form=form, employer=employer, visit_id=visit_id), status
