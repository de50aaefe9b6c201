"""The campaign's sending: its controls, and the gateway's way back in."""

from collections.abc import Callable

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.core.db import db
from app.core.errors import DomainError
from app.core.permissions import Actor, current_actor, public, requires
from app.employers.people.queries import find as find_person
from app.employers.policy import Permission as EmployerPermission
from campaigns.drafting.forms import TimesForm, as_moment
from campaigns.drafting.models import Campaign
from campaigns.drafting.policy import Permission
from campaigns.drafting.queries import find
from campaigns.drafting.workflow import CAMPAIGN
from campaigns.gateways import registry
from campaigns.gateways.protocol import BadCallback, Callback
from campaigns.ledger import jobs, queries
from campaigns.ledger.forms import OptOutForm
from campaigns.ledger.services import controlling, opting_out, replying, settling
from campaigns.ledger.trials import services as trials

blueprint = Blueprint("ledger", __name__, url_prefix="/campaigns")
callbacks = Blueprint("gateways", __name__, url_prefix="/gateways")


@blueprint.post("/<int:campaign_id>/launch")
@requires(Permission.LAUNCH)
def launch(campaign_id: int) -> ResponseReturnValue:
    """Start an approved campaign; a second click finds it started and changes nothing."""
    return _move(controlling.launch, campaign_id, wake=True)


@blueprint.post("/<int:campaign_id>/pause")
@requires(Permission.CONTROL)
def pause(campaign_id: int) -> ResponseReturnValue:
    """Stop after the batches under way."""
    return _move(controlling.pause, campaign_id)


@blueprint.post("/<int:campaign_id>/resume")
@requires(Permission.CONTROL)
def resume(campaign_id: int) -> ResponseReturnValue:
    """Go on."""
    return _move(controlling.resume, campaign_id, wake=True)


@blueprint.post("/<int:campaign_id>/cancel")
@requires(Permission.CONTROL)
def cancel(campaign_id: int) -> ResponseReturnValue:
    """Send nothing more."""
    return _move(controlling.cancel, campaign_id, wake=True)


@blueprint.route("/<int:campaign_id>/schedule", methods=["GET", "POST"])
@requires(Permission.LAUNCH)
def schedule(campaign_id: int) -> ResponseReturnValue:
    """Once launched, messages may go out later or slower than approved, never sooner."""
    campaign = find(campaign_id, current_actor())
    form = TimesForm(obj=campaign)
    if form.validate_on_submit():
        times = [as_moment(field.data) for field in (form.send_from, form.send_until)]
        controlling.set_schedule(
            campaign_id, current_actor(), times[0], times[1], bool(form.working_days_only.data)
        )
        db.session.commit()
        flash(_("Saved."), "success")
        return redirect(url_for("results.show", id=campaign_id), 303)
    page = render_template("campaigns/ledger/schedule.html", form=form, campaign=campaign)
    return page, 422 if form.is_submitted() else 200


@blueprint.post("/unwanted/<int:contact_id>")
@requires(EmployerPermission.EDIT)
def opt_out(contact_id: int) -> ResponseReturnValue:
    """The person wants no more messages of a class."""
    contact = find_person(contact_id, current_actor(), to_edit=True)
    form = OptOutForm()
    if not form.validate_on_submit():
        raise DomainError(_l("Say which messages are not wanted, and how the person said so."))
    opting_out.record(contact, form.message_class.data, form.source.data or "", current_actor())
    return _noted(contact_id)


@blueprint.post("/unwanted/<int:contact_id>/<int:opt_out_id>/withdraw")
@requires(EmployerPermission.EDIT)
def withdraw_opt_out(contact_id: int, opt_out_id: int) -> ResponseReturnValue:
    """The person wants them again."""
    contact = find_person(contact_id, current_actor(), to_edit=True)
    opting_out.withdraw(queries.find_opt_out(opt_out_id, contact), contact, current_actor())
    return _noted(contact_id)


def _noted(contact_id: int) -> ResponseReturnValue:
    db.session.commit()
    flash(_("Saved."), "success")
    return redirect(url_for("people.show", id=contact_id, _anchor="unwanted"), 303)


@callbacks.post("/<name>/receipts")
@public
def receipts(name: str) -> ResponseReturnValue:
    """The gateway reports what became of messages; its signature is checked, repeats change nothing."""
    gateway = registry.gateway(name)
    try:
        reported = gateway.parse_receipts(_callback())
    except BadCallback:
        abort(403)
    settling.apply_receipts(gateway.name, reported)
    trials.apply_receipts(gateway.name, reported)
    controlling.finish_done()
    db.session.commit()
    return _thanks(gateway.thanks)


@callbacks.post("/<name>/replies")
@public
def replies(name: str) -> ResponseReturnValue:
    """The gateway passes on what people answered."""
    gateway = registry.gateway(name)
    try:
        received = gateway.parse_replies(_callback())
    except BadCallback:
        abort(403)
    replying.take_replies(gateway.name, received)
    db.session.commit()
    return _thanks(gateway.thanks)


def _callback() -> Callback:
    return Callback(
        request.method, request.path, dict(request.headers), request.get_data(), request.args.get("token", "")
    )


def _thanks(words: str) -> ResponseReturnValue:
    return (words, 200, {"Content-Type": "application/json"}) if words else ("", 204)


def _move(
    step: Callable[[int, Actor | None], Campaign], campaign_id: int, wake: bool = False
) -> ResponseReturnValue:
    campaign = step(campaign_id, current_actor())
    if wake:
        jobs.wake(campaign.id)
    db.session.commit()
    flash(str(CAMPAIGN.state_of(campaign).label), "success")
    return redirect(url_for("results.show", id=campaign_id), 303)
