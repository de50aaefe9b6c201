"""Scans of signed receipts, many at once."""

from pathlib import PurePath

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import ngettext

from app.core.db import db
from app.core.permissions import current_actor, requires
from campaigns.channels.letter.issued.policy import Permission
from campaigns.channels.letter.posting import queries, services
from campaigns.channels.letter.posting.forms import ScansForm

blueprint = Blueprint("letter_post", __name__, url_prefix="/letters/scans")


#: letters that the page after saving names
SHOWN = 100


@blueprint.route("", methods=["GET", "POST"])
@requires(Permission.FOLLOW)
def scans() -> ResponseReturnValue:
    """Which file belongs to which letter; nothing is saved while one belongs to none."""
    form, found = ScansForm(), list[services.Scan]()
    if form.validate_on_submit():
        files = [(PurePath(one.filename or "").name, one.stream) for one in form.files.data]
        found = services.take_scans(files, form.proves.data or "", current_actor())
        if not any(one.reason for one in found):
            saved = sorted({one.letter.id for one in found if one.letter})
            db.session.commit()
            flash(ngettext("%(num)s scan saved.", "%(num)s scans saved.", len(found)), "success")
            # what was sent is not sent again by whoever loads the page anew
            return redirect(url_for(".scans", saved=saved[:SHOWN]), 303)
    saved_at = queries.of_ids(request.args.getlist("saved", type=int)[:SHOWN], current_actor())
    page = render_template("campaigns/letter/scans.html", form=form, found=found, saved=saved_at)
    return page, 422 if form.is_submitted() else 200
