"""The pages of test sends: send one and see what became of it; who receives them."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.core.db import db
from app.core.errors import DomainError
from app.core.jobs import enqueue
from app.core.permissions import current_actor, requires
from campaigns.drafting.queries import find
from campaigns.ledger.trials import jobs, queries, services
from campaigns.ledger.trials.forms import LONGEST, ReaderForm, TrialForm
from campaigns.ledger.trials.policy import Permission
from campaigns.ledger.workflow import LABELS

blueprint = Blueprint("trials", __name__, url_prefix="/campaigns")


@blueprint.get("/<int:campaign_id>/trials")
@requires(Permission.SEND)
def index(campaign_id: int) -> str:
    """The tests of one campaign, and the form for another."""
    return _page(campaign_id, TrialForm.of(current_actor()))


def _page(campaign_id: int, form: TrialForm) -> str:
    campaign = find(campaign_id, current_actor())
    services.demand_sms(campaign)
    return render_template(
        "campaigns/trials/index.html",
        campaign=campaign,
        form=form,
        trials=queries.of_campaign(campaign_id),
        states=LABELS,
    )


@blueprint.post("/<int:campaign_id>/trials")
@requires(Permission.SEND)
def send(campaign_id: int) -> ResponseReturnValue:
    """To the chosen colleagues, through the real gateway."""
    campaign = find(campaign_id, current_actor())
    form = TrialForm.of(current_actor())
    if not form.validate_on_submit():
        return _page(campaign_id, form), 422
    services.send(campaign, form.readers.data or [], form.which.data == LONGEST, current_actor())
    enqueue(jobs.hand_over)
    db.session.commit()
    flash(_("On its way. It counts neither in the campaign's balance nor in its results."), "success")
    return redirect(url_for(".index", campaign_id=campaign_id), 303)


@blueprint.get("/readers")
@requires(Permission.LIST)
def readers() -> str:
    """The listed colleagues."""
    actor = current_actor()
    return render_template(
        "campaigns/trials/readers.html", readers=queries.readers(actor), form=ReaderForm.of(actor)
    )


@blueprint.post("/readers")
@requires(Permission.LIST)
def enlist() -> ResponseReturnValue:
    """One more."""
    form = ReaderForm.of(current_actor())
    if not form.validate_on_submit():
        raise DomainError(_("There is no such colleague with a mobile number who is not listed yet."))
    services.enlist(form.user_id.data, current_actor())
    db.session.commit()
    return redirect(url_for(".readers"), 303)


@blueprint.post("/readers/strike")
@requires(Permission.LIST)
def strike() -> ResponseReturnValue:
    """One less."""
    services.strike(request.form.get("user", 0, type=int), current_actor())
    db.session.commit()
    return redirect(url_for(".readers"), 303)
