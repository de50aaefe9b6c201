"""Pages of applications for relief: choosing the employer, the form with its estimate, the page of one."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.core.db import db
from app.core.periods import Period, asked_month
from app.core.permissions import current_actor, requires
from app.core.rules.legal import find
from app.core.workflow.acts import demand
from app.core.workflow.engine import available, history
from app.employers.models import Employer
from app.employers.queries import profile
from app.employers.search.queries import search
from app.relief.applications import services
from app.relief.applications.forms import ApplicationForm
from app.relief.applications.lists import APPLICATIONS
from app.relief.applications.models import (
    AUTHORITY_LABELS,
    BODY_LABELS,
    DOCUMENTS,
    REQUEST_LABELS,
    ReliefApplication,
)
from app.relief.applications.workflow import APPLICATION, EDIT, load
from app.relief.models import KIND_LABELS
from app.relief.policy import Permission
from app.tasks.queries import tasks_of

bp = Blueprint("relief", __name__, url_prefix="/relief/applications")

LABELS = {
    "requests": REQUEST_LABELS,
    "bodies": BODY_LABELS,
    "papers": DOCUMENTS,
    "authorities": AUTHORITY_LABELS,
    "kinds": KIND_LABELS,
}


@bp.context_processor
def _labels() -> dict[str, Any]:
    return {"labels": LABELS}


@bp.route("", methods=["GET", "POST"])
@requires(Permission.VIEW)
def index() -> ResponseReturnValue:
    return APPLICATIONS.respond()


@bp.route("/new", methods=["GET", "POST"])
@requires(Permission.APPLY)
def new() -> ResponseReturnValue:
    """With an employer the form, without one the choice of it. `after`: the last month of what is renewed."""
    employer_id = request.args.get("employer_id", type=int)
    if employer_id is None:
        return _choose_employer()
    actor = current_actor()
    employer = profile(employer_id, actor)
    form = ApplicationForm()
    if not form.is_submitted():
        form.prefill(employer, _month(request.args.get("after")))
    if not form.validate_on_submit():
        return _form(form, employer)
    application = services.enter(employer, form.draft, actor)
    db.session.commit()
    flash(_("Saved as a draft: submit it when nothing is missing any more."), "success")
    return redirect(url_for(".show", id=application.id))


@bp.get("/<int:id>")
@requires(Permission.VIEW)
def show(id: int) -> ResponseReturnValue:
    """One application: what it asks for, papers and vote, its effect, and the steps with what blocks them."""
    actor = current_actor()
    application = load(id, actor)
    return render_template(
        "relief/applications/show.html",
        application=application,
        workflow=APPLICATION,
        options=available(APPLICATION, application, actor),
        decisions=[one for one in application.granted if one.application_id == application.id],
        history=history(APPLICATION, application.id),
        tasks=[one for one in tasks_of(application.employer_id, actor) if _is_about(one, application)],
        basis=find("relief", application.decided_on),
    )


@bp.route("/<int:id>/edit", methods=["GET", "POST"])
@requires(Permission.APPLY)
def edit(id: int) -> ResponseReturnValue:
    actor = current_actor()
    application = load(id, actor)
    demand(application, EDIT.name, actor)
    form = ApplicationForm()
    if not form.is_submitted():
        form.show(application)
    if not form.validate_on_submit():
        return _form(form, application.employer, application)
    services.correct(application, form.draft, actor)
    db.session.commit()
    flash(_("Saved."), "success")
    return redirect(url_for(".show", id=application.id))


@bp.get("/estimate/<int:employer_id>")
@requires(Permission.APPLY)
def estimate(employer_id: int) -> str:
    """What the answers in the form come to so far; asked while they are typed."""
    employer = profile(employer_id, current_actor())
    form = ApplicationForm(request.args, meta={"csrf": False})
    return render_template("relief/applications/_estimate.html", effect=form.estimate(employer))


def _choose_employer() -> ResponseReturnValue:
    text = request.args.get("q", "")[:100].strip()
    found = [hit.employer for group in search(text, current_actor()) for hit in group.hits] if text else []
    return render_template("relief/applications/choose.html", text=text, employers=found)


def _form(
    form: ApplicationForm, employer: Employer, application: ReliefApplication | None = None
) -> ResponseReturnValue:
    page = render_template(
        "relief/applications/form.html",
        form=form,
        employer=employer,
        application=application,
        effect=form.estimate(employer),
    )
    return page, 422 if form.is_submitted() else 200


def _month(text: str | None) -> Period | None:
    try:
        return asked_month(text) if text else None
    except ValueError:
        return None


def _is_about(task: Any, application: ReliefApplication) -> bool:
    return bool(task.source_type == APPLICATION.name and task.source_id == application.id)
