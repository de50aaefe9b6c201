"""The trail, one event, and the proof."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from app.audit import lists, queries
from app.audit.policy import Permission
from app.core.permissions import current_actor, requires

bp = Blueprint("audit", __name__, url_prefix="/audit")


@bp.route("/", methods=["GET", "POST"])
@requires(Permission.VIEW)
def trail() -> ResponseReturnValue:
    return lists.TRAIL.respond()


@bp.get("/<int:event_id>")
@requires(Permission.VIEW)
def event(event_id: int) -> ResponseReturnValue:
    """One event with every old and new value."""
    found = queries.event(current_actor(), event_id)
    return render_template(
        "audit/event.html",
        event=found,
        subject=lists.subject_of(found),
        actor=queries.actor_of(found),
        facts=queries.facts_of(found),
        name_of=queries.name_of,
        names=queries.record_names([found]),
    )


@bp.get("/verify")
@requires(Permission.VERIFY)
def verify() -> ResponseReturnValue:
    """Recomputes the whole chain now and says whether it holds."""
    return render_template("audit/verify.html", report=queries.verify())
