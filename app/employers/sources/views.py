"""The telephone number that a list gives of a firm, in full."""

from flask import Blueprint, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.core.permissions import current_actor, requires
from app.core.personal.revealing import respond
from app.core.web.limits import REVEALS, each_person, limiter
from app.employers.policy import Permission
from app.employers.sources import queries, services

blueprint = Blueprint("sources", __name__, url_prefix="/sources")


@blueprint.post("/<int:source_id>/reveal")
@requires(Permission.REVEAL)
@limiter.limit(REVEALS, key_func=each_person)
def reveal(source_id: int) -> ResponseReturnValue:
    """Shows the number for a reason; the audit trail keeps who asked, and why."""
    source = queries.find(source_id, current_actor())
    crumb = (source.employer.name, url_for("employers.show", employer_id=source.employer_id))
    return respond(lambda reason: services.reveal(source, reason), [crumb], title=_("Reveal"))
