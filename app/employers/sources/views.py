"""The telephone number that a list gives of a firm, in full."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from app.core.clock import now
from app.core.db import db
from app.core.limits import REVEALS, each_person, limiter
from app.core.permissions import current_actor, requires
from app.core.reasons import reason_for_numbers
from app.employers.policy import Permission
from app.employers.sources import queries, services

blueprint = Blueprint("sources", __name__, url_prefix="/sources")


@blueprint.post("/<int:source_id>/reveal")
@requires(Permission.REVEAL)
@limiter.limit(REVEALS, key_func=each_person)
def reveal(source_id: int) -> ResponseReturnValue:
    """Shows the number for a reason; the audit trail keeps who asked, and why."""
    source = queries.find(source_id, current_actor())
    reason = reason_for_numbers(request.form)
    if reason is not None:
        services.reveal(source, reason)
        db.session.commit()
    template = "_reveal.html" if request.headers.get("HX-Request") else "reveal.html"
    return render_template(f"employers/sources/{template}", source=source, reason=reason, at=now())
