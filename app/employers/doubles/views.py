"""The page of people who may be recorded twice; each pair leads to the page that merges them."""

from flask import Blueprint, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.core.db import db
from app.core.jobs import enqueue
from app.core.permissions import requires
from app.employers.doubles.jobs import look_for_doubles
from app.employers.doubles.lists import DOUBLES
from app.employers.people.policy import Permission

blueprint = Blueprint("doubles", __name__, url_prefix="/contacts/doubles")


@blueprint.route("", methods=["GET", "POST"])
@requires(Permission.MERGE)
def index() -> ResponseReturnValue:
    return DOUBLES.respond(look=url_for(".look"))


@blueprint.post("/look")
@requires(Permission.MERGE)
def look() -> ResponseReturnValue:
    """Looks again now, in the background."""
    enqueue(look_for_doubles)
    db.session.commit()
    flash(_("The search for duplicates has begun; the list follows in a moment."), "info")
    return redirect(url_for(".index"), 303)
