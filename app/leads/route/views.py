"""Choosing the firms of a day by area, and the list that goes along."""

from datetime import date

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import ngettext

from app.core.clock import today
from app.core.db import db
from app.core.errors import DomainError, NotFound
from app.core.permissions import current_actor, requires
from app.employers.areas.queries import area_choices
from app.leads.ledger.lists import registration_due, why_shown
from app.leads.ledger.queries import named_by
from app.leads.policy import Permission
from app.leads.pool.policy import ROUTE_STOPS
from app.leads.route import queries, services

blueprint = Blueprint("route", __name__, url_prefix="/leads/route")


@blueprint.get("")
@requires(Permission.VIEW)
def index() -> ResponseReturnValue:
    """The leads of an area in the ledger's order, page by page; what is chosen comes along."""
    actor = current_actor()
    picked = dict.fromkeys(request.args.getlist("lead", type=int))
    area_id, whose = request.args.get("area", type=int), request.args.get("whose", "all")
    offer = queries.offered(area_id, whose, request.args.get("page", 1, type=int), actor)
    here = {lead.id for lead in offer.leads}
    return render_template(
        "leads/route.html",
        offer=offer,
        picked=picked,
        elsewhere=[lead_id for lead_id in picked if lead_id not in here],
        areas=area_choices(actor),
        area_id=area_id,
        whose=whose,
        most=ROUTE_STOPS.value(),
        why_here=why_shown,
        due=registration_due,
        today=today(),
    )


@blueprint.get("/day")
@requires(Permission.VIEW)
def day() -> ResponseReturnValue:
    """The day's list: to print, or to go by on a phone; too many or none lead back to choosing."""
    wanted = request.args.getlist("lead", type=int)
    try:
        leads = queries.chosen(wanted, current_actor())
    except NotFound:
        raise
    except DomainError as refusal:
        flash(refusal.message, "warning")
        area, whose = request.args.get("area", type=int), request.args.get("whose")
        return redirect(url_for(".index", lead=wanted, area=area, whose=whose), 303)
    facts = {"why_here": why_shown, "due": registration_due, "named_by": named_by}
    return render_template("leads/route_day.html", leads=leads, day=_day(request.args.get("on")), **facts)


@blueprint.post("/tasks")
@requires(Permission.CLAIM)
def put_on_tasks() -> ResponseReturnValue:
    """The day's firms become the visitor's tasks."""
    actor = current_actor()
    leads, on = queries.chosen(request.form.getlist("lead", type=int), actor), _day(request.form.get("on"))
    number = services.put_on_tasks(leads, on, actor)
    db.session.commit()
    flash(
        ngettext("%(num)s visit is among your tasks.", "%(num)s visits are among your tasks.", number),
        "success",
    )
    return redirect(url_for(".day", lead=[lead.id for lead in leads], on=on.isoformat()), 303)


def _day(text: str | None) -> date:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return today()
