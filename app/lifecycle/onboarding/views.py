"""The board of employers that are being taken on, and the file of each opening."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.core.clock import today
from app.core.db import db
from app.core.permissions import current_actor, requires
from app.core.workflow.engine import available, history, of_others
from app.employers.queries import find as find_employer
from app.lifecycle.onboarding import queries
from app.lifecycle.onboarding.forms import (
    BundleForm,
    MilestoneForm,
    SigningForm,
    bundle_form,
)
from app.lifecycle.onboarding.models import (
    SIGNING_LABELS,
    SIGNING_TABLES,
    Opening,
    OpeningState,
)
from app.lifecycle.onboarding.policy import TO_OPEN, Permission
from app.lifecycle.onboarding.services import beginning, bundling, checking, reaching, signing_up
from app.lifecycle.onboarding.workflow import OPENING, PAPERS, load
from app.lifecycle.papers.forms import PaperForm, paper_form
from app.lifecycle.papers.models import RESULT_LABELS, RESULT_TONES
from app.lifecycle.papers.policy import outstanding as still_to_come

blueprint = Blueprint("onboarding", __name__, url_prefix="/onboarding")


@blueprint.context_processor
def _labels() -> dict[str, Any]:
    return {
        "results": RESULT_LABELS,
        "result_tones": RESULT_TONES,
        "opening_workflow": OPENING,
        "signing_labels": SIGNING_LABELS,
        "signing_tables": SIGNING_TABLES,
    }


@blueprint.get("")
@requires(Permission.VIEW)
def board() -> str:
    """Five columns, one for each milestone that is waited for."""
    mine = request.args.get("mine") == "1"
    columns = queries.board(current_actor(), mine=mine)
    return render_template("lifecycle/onboarding/board.html", columns=columns, mine=mine)


@blueprint.post("/begin/<int:employer_id>")
@requires(Permission.WORK)
def begin(employer_id: int) -> ResponseReturnValue:
    actor = current_actor()
    opening = beginning.begin(find_employer(employer_id, actor), actor)
    db.session.commit()
    return redirect(url_for(".show", id=opening.id), 303)


@blueprint.get("/<int:id>")
@requires(Permission.VIEW)
def show(id: int) -> ResponseReturnValue:
    """The papers, what other agencies did, and the next steps."""
    return _page(load(id, current_actor()))


def _page(
    opening: Opening, papers: PaperForm | None = None, bundle: BundleForm | None = None
) -> ResponseReturnValue:
    """With the form that was refused, and what is wrong in it."""
    opening = queries.with_papers(opening)
    checks, steps = queries.checks_of(opening), queries.bundle_of(opening.id)
    groups = PAPERS.groups()
    page = render_template(
        "lifecycle/onboarding/show.html",
        opening=opening,
        checks=checks,
        groups=groups,
        still_to_come=bool(checks) and opening.standing and still_to_come(groups, checks),
        form=papers or paper_form(PAPERS, PAPERS.asked(), checks, formdata=None),
        bundle=bundle or bundle_form(steps, formdata=None),
        steps=steps,
        to_record=_to_record(opening),
        options=available(OPENING, opening, current_actor()),
        others=of_others(OPENING, opening, current_actor()),
        history=history(OPENING, opening.id),
    )
    return page, 422 if papers or bundle else 200


def _to_record(opening: Opening) -> bool:
    """Whether an account is still to be opened, or opened again, on this approval."""
    employer = opening.employer
    served = queries.has_served(opening, employer)
    return opening.state is OpeningState.APPROVED and employer.stage in TO_OPEN and not served


@blueprint.post("/<int:id>/papers")
@requires(Permission.WORK)
def papers(id: int) -> ResponseReturnValue:
    actor = current_actor()
    opening = load(id, actor)
    form = paper_form(PAPERS, PAPERS.asked(), queries.checks_of(opening))
    if not form.validate_on_submit():
        return _page(opening, form)
    checking.check(opening, form.findings, actor)
    db.session.commit()
    flash(_("The papers are noted."), "success")
    return redirect(url_for(".show", id=id), 303)


@blueprint.post("/<int:id>/bundle")
@requires(Permission.WORK)
def bundle(id: int) -> ResponseReturnValue:
    actor = current_actor()
    opening = load(id, actor)
    form = bundle_form(queries.bundle_of(opening.id))
    if not form.validate_on_submit():
        return _page(opening, bundle=form)
    bundling.tick(opening, form.done, actor)
    db.session.commit()
    flash(_("Saved."), "success")
    return redirect(url_for(".show", id=id, _anchor="bundle"), 303)


@blueprint.get("/<int:id>/notice")
@requires(Permission.VIEW)
def notice(id: int) -> str:
    """Everything that is missing, and how to put it right, on one sheet to take along (一次性告知单)."""
    return _sheet(id, whole=True)


@blueprint.get("/<int:id>/outstanding")
@requires(Permission.VIEW)
def outstanding(id: int) -> str:
    """The papers alone that are still to come, each with its day (容缺)."""
    return _sheet(id, whole=False)


def _sheet(id: int, *, whole: bool) -> str:
    opening = queries.with_papers(load(id, current_actor()))
    checks, groups = queries.checks_of(opening), PAPERS.groups()
    return render_template(
        "lifecycle/onboarding/notice.html",
        opening=opening,
        checks=checks,
        groups=groups if whole else still_to_come(groups, checks),
        whole=whole,
        today=today(),
    )


@blueprint.route("/milestones/<int:employer_id>", methods=["GET", "POST"])
@requires(Permission.WORK)
def milestones(employer_id: int) -> ResponseReturnValue:
    """The day on which employee accounts were set up, and the first employee was added."""
    actor = current_actor()
    employer = find_employer(employer_id, actor)
    form = MilestoneForm()
    if form.validate_on_submit():
        reaching.record(employer, form.accounts_on.data, form.employee_on.data, actor)
        db.session.commit()
        flash(_("Saved."), "success")
        return redirect(url_for("employers.show", employer_id=employer_id), 303)
    if not form.is_submitted():
        form.prefill(employer)
    page = render_template("lifecycle/onboarding/milestones.html", form=form, employer=employer)
    return page, 422 if form.is_submitted() else 200


@blueprint.route("/signing/<int:employer_id>", methods=["GET", "POST"])
@requires(Permission.WORK)
def signing(employer_id: int) -> ResponseReturnValue:
    """Signed, refused or helped: the log of online signing, and one more entry in it."""
    actor = current_actor()
    employer = find_employer(employer_id, actor)
    form = SigningForm()
    if form.validate_on_submit():
        signing_up.record(employer, form.kind.data, form.day, form.code, form.note.data or "", actor)
        db.session.commit()
        flash(_("Saved."), "success")
        return redirect(url_for("employers.show", employer_id=employer_id), 303)
    events = queries.signing_of(employer_id, limit=50)
    page = render_template("lifecycle/onboarding/signing.html", form=form, employer=employer, events=events)
    return page, 422 if form.is_submitted() else 200
