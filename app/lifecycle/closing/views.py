"""The worklist of closings, the file of each, and where an employer's employees' accounts went."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.core.clock import today
from app.core.db import db
from app.core.permissions import current_actor, may, requires
from app.core.rules.legal import find as find_basis
from app.core.workflow.engine import available, history, option
from app.employers.models import Employer
from app.employers.queries import find as find_employer
from app.lifecycle.closing import queries, services
from app.lifecycle.closing.forms import EventForm, PlacementForm, SealingForm
from app.lifecycle.closing.lists import WORKLIST, basis_day, told
from app.lifecycle.closing.models import PLACEMENT_LABELS, Closing
from app.lifecycle.closing.placing import services as placing
from app.lifecycle.closing.policy import BASIS, PAPERS, Permission, headings_for, papers_for
from app.lifecycle.closing.workflow import CLOSING, SEALING, load
from app.lifecycle.papers.forms import PaperForm, paper_form
from app.lifecycle.papers.models import RESULT_LABELS, RESULT_TONES
from app.lifecycle.policy import Permission as LifecyclePermission
from app.lifecycle.workflow import LIFECYCLE

blueprint = Blueprint("closing", __name__, url_prefix="/closing")


@blueprint.context_processor
def _labels() -> dict[str, Any]:
    return {
        "results": RESULT_LABELS,
        "result_tones": RESULT_TONES,
        "closing_workflow": CLOSING,
        "sealing_workflow": SEALING,
        "lifecycle": LIFECYCLE,
        "placements_labels": PLACEMENT_LABELS,
        "told": told,
    }


@blueprint.route("", methods=["GET", "POST"])
@requires(Permission.VIEW)
def index() -> ResponseReturnValue:
    return WORKLIST.respond()


@blueprint.post("/begin/<int:employer_id>")
@requires(Permission.WORK)
def begin(employer_id: int) -> ResponseReturnValue:
    """A file for an employer that is closing without one."""
    actor = current_actor()
    closing = services.begin_file(find_employer(employer_id, actor), actor)
    db.session.commit()
    return redirect(url_for(".show", id=closing.id), 303)


@blueprint.get("/<int:id>")
@requires(Permission.VIEW)
def show(id: int) -> ResponseReturnValue:
    """The event, the clocks, the papers, and what stands between here and the end."""
    return _page(load(id, current_actor()))


def _page(closing: Closing, papers: PaperForm | None = None) -> ResponseReturnValue:
    actor = current_actor()
    closing = queries.with_papers(closing)
    checks, asked = queries.checks_of(closing), papers_for(closing.reason)
    account = queries.account_of(closing.employer) if closing.standing else None
    ending = closing.standing and may(actor, LifecyclePermission.CLOSE)
    page = render_template(
        "lifecycle/closing/show.html",
        closing=closing,
        account=account,
        checks=checks,
        groups=PAPERS.groups(headings_for(closing.reason)),
        form=papers or paper_form(PAPERS, asked, checks, formdata=None),
        options=available(CLOSING, closing, actor),
        ending=[option(LIFECYCLE, closing.employer, "close", actor)] if ending else [],
        basis=find_basis(BASIS, basis_day(closing)),
        history=history(CLOSING, closing.id),
    )
    return page, 422 if papers else 200


@blueprint.route("/<int:id>/event", methods=["GET", "POST"])
@requires(Permission.WORK)
def event(id: int) -> ResponseReturnValue:
    """What happened, on which day, who says so, and how many employees' accounts there were."""
    actor = current_actor()
    closing = load(id, actor)
    form = EventForm(data={"reason": closing.reason, "event_source": closing.event_source})
    if form.validate_on_submit():
        services.note_event(closing, form.event, actor)
        db.session.commit()
        flash(_("Saved."), "success")
        return redirect(url_for(".show", id=id), 303)
    if not form.is_submitted():
        form.prefill(closing)
    page = render_template("lifecycle/closing/event.html", form=form, closing=closing)
    return page, 422 if form.is_submitted() else 200


@blueprint.post("/<int:id>/papers")
@requires(Permission.WORK)
def papers(id: int) -> ResponseReturnValue:
    actor = current_actor()
    closing = load(id, actor)
    form = paper_form(PAPERS, papers_for(closing.reason), queries.checks_of(closing))
    if not form.validate_on_submit():
        return _page(closing, form)
    services.check_papers(closing, form.findings, actor)
    db.session.commit()
    flash(_("The papers are noted."), "success")
    return redirect(url_for(".show", id=id, _anchor="papers"), 303)


@blueprint.get("/<int:id>/notice")
@requires(Permission.VIEW)
def notice(id: int) -> str:
    """Everything that is missing, on one sheet to take along (一次性告知单)."""
    closing = queries.with_papers(load(id, current_actor()))
    guard = option(LIFECYCLE, closing.employer, "close", current_actor()) if closing.standing else None
    return render_template(
        "lifecycle/closing/notice.html",
        closing=closing,
        checks=queries.checks_of(closing),
        groups=PAPERS.groups(headings_for(closing.reason)),
        reasons=guard.reasons if guard else (),
        basis=find_basis(BASIS, basis_day(closing)),
        today=today(),
    )


@blueprint.get("/people/<int:employer_id>")
@requires(Permission.VIEW)
def people(employer_id: int) -> ResponseReturnValue:
    """Where the employees' accounts went: transferred, paid out, centrally sealed."""
    return _people_page(find_employer(employer_id, current_actor()))


def _people_page(
    employer: Employer, placing: PlacementForm | None = None, sealing: SealingForm | None = None
) -> ResponseReturnValue:
    """With the form that was refused, and what is wrong in it."""
    actor = current_actor()
    sealings = queries.sealings_of(employer.id)
    page = render_template(
        "lifecycle/closing/people.html",
        employer=employer,
        account=queries.account_of(employer),
        placements=queries.placements_of(employer.id),
        sealings=[(one, available(SEALING, one, actor)) for one in sealings],
        placing=placing or PlacementForm(formdata=None),
        sealing=sealing or SealingForm(formdata=None),
    )
    return page, 422 if placing or sealing else 200


@blueprint.post("/people/<int:employer_id>/place")
@requires(Permission.WORK)
def place(employer_id: int) -> ResponseReturnValue:
    actor = current_actor()
    employer = find_employer(employer_id, actor)
    form = PlacementForm()
    if not form.validate_on_submit():
        return _people_page(employer, placing=form)
    placing.place(employer, form.going, actor)
    db.session.commit()
    flash(_("Saved."), "success")
    return redirect(url_for(".people", employer_id=employer_id), 303)


@blueprint.post("/people/<int:employer_id>/seal")
@requires(Permission.WORK)
def propose(employer_id: int) -> ResponseReturnValue:
    """Proposes the central sealing of those nobody takes."""
    actor = current_actor()
    employer = find_employer(employer_id, actor)
    form = SealingForm()
    if not form.validate_on_submit():
        return _people_page(employer, sealing=form)
    placing.propose_sealing(employer, form.heads.data or 0, form.grounds.data or "", actor)
    db.session.commit()
    flash(_("Proposed: somebody else approves it."), "success")
    return redirect(url_for(".people", employer_id=employer_id), 303)


@blueprint.post("/placements/<int:placement_id>/remove")
@requires(Permission.WORK)
def remove(placement_id: int) -> ResponseReturnValue:
    actor = current_actor()
    made = queries.find_placement(placement_id, actor)
    placing.remove_placement(made, actor)
    db.session.commit()
    flash(_("Taken off the record."), "success")
    return redirect(url_for(".people", employer_id=made.employer_id), 303)
