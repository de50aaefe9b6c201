"""The page on which an author sets the steps of a campaign."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.core.db import db
from app.core.errors import DomainError
from app.core.permissions import current_actor, requires
from app.core.workflow.acts import demand
from campaigns.drafting.policy import Permission
from campaigns.drafting.queries import find
from campaigns.drafting.steps import services
from campaigns.drafting.steps.forms import StepsForm, steps_form

blueprint = Blueprint("steps", __name__, url_prefix="/campaigns")


@blueprint.get("/<int:campaign_id>/steps")
@requires(Permission.DRAFT)
def edit(campaign_id: int) -> ResponseReturnValue:
    """The steps as they are, or the usual ones to begin with."""
    campaign = find(campaign_id, current_actor())
    demand(campaign, "edit", current_actor())
    return _page(steps_form(campaign), campaign_id, campaign.name)


@blueprint.post("/<int:campaign_id>/steps")
@requires(Permission.DRAFT)
def save(campaign_id: int) -> ResponseReturnValue:
    """What was approved is to be approved again."""
    campaign = find(campaign_id, current_actor(), lock=True)
    form, name = steps_form(campaign), campaign.name
    if not form.validate_on_submit():
        return _page(form, campaign_id, name), 422
    try:
        services.set_steps(campaign, form.steps, current_actor())
    except DomainError as refusal:
        if not refusal.reasons:
            raise
        db.session.rollback()
        form.lines[0][0].errors = [str(reason) for reason in refusal.reasons]
        return _page(form, campaign_id, name), 422
    db.session.commit()
    flash(_("Saved."), "success")
    return redirect(url_for("drafting.show", id=campaign_id, _anchor="follow-steps"), 303)


def _page(form: StepsForm, campaign_id: int, name: str) -> str:
    return render_template("campaigns/drafting/steps.html", form=form, campaign_id=campaign_id, name=name)
