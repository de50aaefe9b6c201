"""Scans of signed receipts, many at once."""

from pathlib import PurePath

from flask import Blueprint, flash, render_template
from flask.typing import ResponseReturnValue
from flask_babel import ngettext

from app.core.db import db
from app.core.permissions import current_actor, requires
from campaigns.channels.letter.issued.policy import Permission
from campaigns.channels.letter.posting import services
from campaigns.channels.letter.posting.forms import ScansForm

blueprint = Blueprint("letter_post", __name__, url_prefix="/letters/scans")


@blueprint.route("", methods=["GET", "POST"])
@requires(Permission.FOLLOW)
def scans() -> ResponseReturnValue:
    """Which file belongs to which letter; nothing is saved while one belongs to none."""
    form, found, saved = ScansForm(), list[services.Scan](), False
    if form.validate_on_submit():
        files = [(PurePath(one.filename or "").name, one.stream) for one in form.files.data]
        found = services.take_scans(files, form.proves.data or "", current_actor())
        saved = not any(one.reason for one in found)
        if saved:
            db.session.commit()
            flash(ngettext("%(num)s scan saved.", "%(num)s scans saved.", len(found)), "success")
    page = render_template("campaigns/letter/scans.html", form=form, found=found, saved=saved)
    return page, 422 if form.is_submitted() and not saved else 200
