"""The lead ledger's page."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from app.core.permissions import requires
from app.leads.lists import LEADS
from app.leads.policy import Permission

blueprint = Blueprint("leads", __name__, url_prefix="/leads")


@blueprint.route("", methods=["GET", "POST"])
@requires(Permission.VIEW)
def index() -> ResponseReturnValue:
    return LEADS.respond()
