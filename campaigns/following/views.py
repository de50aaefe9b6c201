"""How far the steps of a campaign are, and their end."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import ColumnElement

from app.core.db import db
from app.core.permissions import current_actor, requires
from campaigns.drafting.models import CampaignStep, StepKind
from campaigns.drafting.policy import Permission
from campaigns.drafting.queries import find
from campaigns.drafting.steps.policy import CONDITION_LABELS, KIND_LABELS
from campaigns.following import queries, services
from campaigns.following.lists import REASONS, TAKEN
from campaigns.following.policy import RESULT_LABELS

blueprint = Blueprint("following", __name__, url_prefix="/campaigns")


@blueprint.get("/<int:id>/follow-up")
@requires(Permission.VIEW)
def show(id: int) -> str:
    """Each step with what came of it, and the employers, the latest first."""
    campaign = find(id, current_actor())
    counts: dict[int, dict[str, int]] = {}
    for step_id, result, number in queries.counts(id):
        counts.setdefault(step_id, {})[result] = number
    return render_template(
        "campaigns/following/show.html",
        campaign=campaign,
        steps=campaign.follow_steps,
        going_on=any(one.ended_at is None for one in campaign.follow_steps),
        counts=counts,
        runs=queries.latest(id),
        results=RESULT_LABELS,
        reasons=REASONS,
        step_kinds=KIND_LABELS,
        step_conditions=CONDITION_LABELS,
    )


@blueprint.route("/<int:id>/follow-up/employers", methods=["GET", "POST"])
@requires(Permission.VIEW)
def taken(id: int) -> ResponseReturnValue:
    """Every employer for which a step was taken, as a list and as a workbook."""
    return _rows(id)


@blueprint.route("/<int:id>/follow-up/letters", methods=["GET", "POST"])
@requires(Permission.VIEW)
def letters(id: int) -> ResponseReturnValue:
    """The rows behind the figures of the steps by letter."""
    return _rows(id, CampaignStep.kind == StepKind.LETTER)


def _rows(id: int, *conditions: ColumnElement[bool]) -> ResponseReturnValue:
    campaign = find(id, current_actor())
    return TAKEN.respond(campaign, *conditions, campaign=campaign, back=url_for(".show", id=id))


@blueprint.post("/<int:id>/follow-up/stop")
@requires(Permission.CONTROL)
def stop(id: int) -> ResponseReturnValue:
    """No step is taken any more."""
    services.stop(id, current_actor())
    db.session.commit()
    flash(_("No step is taken any more; what was begun goes on."), "success")
    return redirect(url_for(".show", id=id), 303)
