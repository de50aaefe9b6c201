"""The lead ledger's page."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from app.core.permissions import requires
from app.core.rules import legal
from app.leads.ledger.lists import LEADS
from app.leads.ledger.policy import LAW, NEW_MONTHS, ORDER, REGISTER_DAYS
from app.leads.policy import Permission

blueprint = Blueprint("leads", __name__, url_prefix="/leads")


@blueprint.route("", methods=["GET", "POST"])
@requires(Permission.VIEW)
def index() -> ResponseReturnValue:
    """The ledger, with the order it stands in and the time limit that runs."""
    return LEADS.respond(
        order=ORDER.shown(ORDER.value()),
        new_months=NEW_MONTHS.value(),
        register_days=REGISTER_DAYS.value(),
        law=legal.find(LAW),
    )
