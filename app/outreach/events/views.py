"""Events: the plan, the invitees, who came, and the sheet to sign."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from app.core.criteria import segments
from app.core.db import db
from app.core.errors import DomainError
from app.core.permissions import current_actor, requires
from app.core.workflow.engine import available, history
from app.employers.lists import LIST
from app.employers.queries import find as find_employer
from app.employers.search.queries import search
from app.outreach.events import queries, services
from app.outreach.events.forms import EventForm, MeantForm, SegmentForm, TapForm
from app.outreach.events.lists import EVENTS, INVITEES
from app.outreach.events.models import AWAITED, InviteeState
from app.outreach.events.models import OutreachEvent as Event
from app.outreach.events.policy import KINDS, Permission
from app.outreach.events.workflow import EVENT, INVITATION, has_begun, load, load_invitee

blueprint = Blueprint("events", __name__, url_prefix="/events")


@blueprint.context_processor
def _labels() -> dict[str, Any]:
    return {"event_workflow": EVENT, "invitation": INVITATION, "kinds": KINDS}


@blueprint.route("", methods=["GET", "POST"])
@requires(Permission.VIEW)
def index() -> ResponseReturnValue:
    return EVENTS.respond()


@blueprint.route("/new", methods=["GET", "POST"])
@requires(Permission.PLAN)
def new() -> ResponseReturnValue:
    return _planning(None)


@blueprint.route("/<int:id>/edit", methods=["GET", "POST"])
@requires(Permission.PLAN)
def edit(id: int) -> ResponseReturnValue:
    return _planning(load(id, current_actor()))


def _planning(event: Event | None) -> ResponseReturnValue:
    actor, form = current_actor(), EventForm()
    form.offer(event, actor)
    if form.validate_on_submit():
        if event is None:
            event = services.plan(form.plan, actor)
        else:
            services.change(event, form.plan, actor)
        db.session.commit()
        flash(_("Saved."), "success")
        return redirect(url_for(".show", id=event.id), 303)
    page = render_template("outreach/events/form.html", form=form, event=event)
    return page, 422 if form.is_submitted() else 200


@blueprint.get("/<int:id>")
@requires(Permission.VIEW)
def show(id: int) -> ResponseReturnValue:
    """What is planned, how many are invited and came, and the steps."""
    actor = current_actor()
    event = load(id, actor)
    states, persons = queries.tally(id, actor)
    return render_template(
        "outreach/events/show.html",
        event=event,
        states=states,
        total=sum(states.values()),
        persons=persons,
        beyond=services.beyond(event),
        options=available(EVENT, event, actor),
        history=history(EVENT, id),
    )


@blueprint.route("/<int:id>/invitees", methods=["GET", "POST"])
@requires(Permission.VIEW)
def invitees(id: int) -> ResponseReturnValue:
    """The list of who is invited."""
    event = load(id, current_actor())
    return INVITEES.respond(id, event=event, beyond=services.beyond(event))


@blueprint.get("/<int:id>/invite")
@requires(Permission.PLAN)
def choose(id: int) -> ResponseReturnValue:
    """The ways to invite: one employer, looked for by its name, or a saved segment."""
    actor = current_actor()
    event, form = load(id, actor), SegmentForm()
    form.offer(actor)
    text = request.args.get("q", "")[:100].strip()
    found = [hit.employer for group in search(text, actor) for hit in group.hits] if text else []
    there = queries.invited_among(id, [one.id for one in found])
    return render_template(
        "outreach/events/invite.html", event=event, form=form, text=text, found=found, there=there
    )


@blueprint.post("/<int:id>/invite/<int:employer_id>")
@requires(Permission.PLAN)
def invite(id: int, employer_id: int) -> ResponseReturnValue:
    actor = current_actor()
    event, employer = load(id, actor), find_employer(employer_id, actor)
    services.invite(event, employer, actor)
    db.session.commit()
    flash(_("Invited: %(employer)s.", employer=employer.name), "success")
    if beyond := services.beyond(event):
        flash(_beyond(beyond), "warning")
    return redirect(url_for(".choose", id=id), 303)


@blueprint.post("/<int:id>/invite/segment")
@requires(Permission.PLAN)
def invite_segment(id: int) -> ResponseReturnValue:
    actor = current_actor()
    event, form = load(id, actor), SegmentForm()
    form.offer(actor)
    if not form.validate_on_submit():
        raise DomainError(_("Choose a segment."))
    done = services.invite_all(event, segments.get(form.segment_id.data, actor, LIST).tree, actor)
    db.session.commit()
    added = ngettext("%(num)d employer is invited.", "%(num)d employers are invited.", done.added)
    there = _("%(number)s were invited already.", number=done.there) if done.there else ""
    flash(f"{added}{there}", "success" if done.added else "info")
    return redirect(url_for(".invitees", id=id), 303)


def _beyond(number: int) -> str:
    return str(_("There are %(number)s more invitees than places.", number=number))


@blueprint.get("/<int:id>/attendance")
@requires(Permission.PLAN)
def attendance(id: int) -> ResponseReturnValue:
    """At the door: one tap for each employer."""
    actor = current_actor()
    event, words = load(id, actor), request.args.get("q", "")[:100].strip()
    states, persons = queries.tally(id, actor)
    return render_template(
        "outreach/events/attendance.html",
        event=event,
        words=words,
        rows=queries.for_attendance(id, words, actor),
        came=states.get(InviteeState.ATTENDED, 0),
        begun=has_begun(event, actor) is None,
        awaited=sum(states.get(state, 0) for state in AWAITED),
        persons=persons,
    )


@blueprint.post("/invitees/<int:id>/tap")
@requires(Permission.PLAN)
def tap(id: int) -> ResponseReturnValue:
    """What one tap records; back to the same place of the page."""
    actor, form = current_actor(), TapForm()
    invitee = load_invitee(id, actor)
    if not form.validate_on_submit():
        raise DomainError(_("Enter how many people came, as a number of at least 1."))
    services.record(invitee, form.step.data, actor, form.persons.data)
    db.session.commit()
    words = request.form.get("q", "")[:100]
    back = url_for(".attendance", id=invitee.event_id, q=words or None, _anchor=f"i{invitee.id}")
    return redirect(back, 303)


@blueprint.post("/<int:id>/attendance/rest")
@requires(Permission.PLAN)
def miss_the_rest(id: int) -> ResponseReturnValue:
    actor = current_actor()
    number = services.miss_the_rest(load(id, actor), actor)
    db.session.commit()
    flash(_("%(number)s are recorded as absent.", number=number), "success")
    return redirect(url_for(".show", id=id), 303)


@blueprint.get("/<int:id>/sheet")
@requires(Permission.VIEW)
def sheet(id: int) -> ResponseReturnValue:
    """The sheet to sign, to be printed."""
    actor = current_actor()
    event = load(id, actor)
    rows = [one for one in queries.for_attendance(id, "", actor) if one.state is not InviteeState.DECLINED]
    rows.sort(key=lambda one: one.employer.name)
    return render_template("outreach/events/sheet.html", event=event, rows=rows)


@blueprint.get("/invitees/<int:id>")
@requires(Permission.VIEW)
def invitee(id: int) -> ResponseReturnValue:
    """One employer's invitation: who is meant, how it stands, and the steps."""
    actor = current_actor()
    found = load_invitee(id, actor)
    return render_template(
        "outreach/events/invitee.html",
        invitee=found,
        options=available(INVITATION, found, actor),
        history=history(INVITATION, id),
    )


@blueprint.route("/invitees/<int:id>/meant", methods=["GET", "POST"])
@requires(Permission.PLAN)
def meant(id: int) -> ResponseReturnValue:
    """Who is meant to come, and a note."""
    actor = current_actor()
    found, form = load_invitee(id, actor), MeantForm()
    form.offer(found)
    if form.validate_on_submit():
        services.mean(found, form.contact_id.data or None, form.note.data or "", actor)
        db.session.commit()
        flash(_("Saved."), "success")
        return redirect(url_for(".invitee", id=id), 303)
    page = render_template("outreach/events/meant.html", form=form, invitee=found)
    return page, 422 if form.is_submitted() else 200
