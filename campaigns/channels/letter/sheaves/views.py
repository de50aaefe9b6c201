"""The archived document of a sheaf."""

from flask import Blueprint, send_file
from flask.typing import ResponseReturnValue

from app.attachments.queries import path_of
from app.core.permissions import current_actor, requires
from campaigns.channels.letter.policy import Permission
from campaigns.channels.letter.sheaves import queries

blueprint = Blueprint("sheaves", __name__, url_prefix="/letters/sheaves")


@blueprint.get("/<int:id>.pdf")
@requires(Permission.VIEW)
def pdf(id: int) -> ResponseReturnValue:
    """As it was archived."""
    sheaf = queries.find(id, current_actor())
    return send_file(path_of(sheaf.sha256), mimetype="application/pdf")
