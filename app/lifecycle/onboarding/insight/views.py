"""Openings and papers to follow as lists, and the figures of openings."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from app.core.clock import today
from app.core.periods import Period, asked_month
from app.core.permissions import current_actor, requires
from app.lifecycle.onboarding.insight import queries
from app.lifecycle.onboarding.insight.lists import OPENINGS, TO_FOLLOW
from app.lifecycle.onboarding.policy import STEPS, Permission

blueprint = Blueprint("openings", __name__, url_prefix="/onboarding")


@blueprint.route("/all", methods=["GET", "POST"])
@requires(Permission.VIEW)
def index() -> ResponseReturnValue:
    return OPENINGS.respond()


@blueprint.route("/to-follow", methods=["GET", "POST"])
@requires(Permission.VIEW)
def papers() -> ResponseReturnValue:
    return TO_FOLLOW.respond()


@blueprint.get("/figures")
@requires(Permission.VIEW)
def figures() -> str:
    """Accounts opened by month, branch or specialist, how far they got and how soon; who waits now."""
    by, first, last = _asked()
    actor = current_actor()
    whole, lines = queries.opened(by, first, last, actor)
    return render_template(
        "lifecycle/onboarding/figures.html",
        by=by,
        dimensions=queries.DIMENSIONS,
        first=first,
        last=last,
        whole=whole,
        lines=lines,
        steps=STEPS,
        waiting=queries.waiting(actor),
        to_follow=queries.to_follow(actor),
    )


def _asked() -> tuple[queries.Dimension, Period, Period]:
    last = _month("until", Period.of(today()))
    first = _month("from", last + -(queries.MONTHS - 1))
    by = queries.DIMENSIONS.get(request.args.get("by", ""), queries.DIMENSIONS["month"])
    return by, min(first, last), max(first, last)


def _month(name: str, otherwise: Period) -> Period:
    try:
        return asked_month(request.args.get(name, ""))
    except ValueError:
        return otherwise
