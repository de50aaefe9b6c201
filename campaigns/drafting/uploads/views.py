"""The page where a list becomes an audience."""

from pathlib import PurePath

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from app.core.clock import now
from app.core.db import db
from app.core.errors import DomainError
from app.core.language.formats import moment
from app.core.permissions import current_actor, requires
from campaigns.drafting.policy import Permission
from campaigns.drafting.uploads import services
from campaigns.drafting.uploads.forms import ListForm

blueprint = Blueprint("uploads", __name__, url_prefix="/campaigns/list")

#: so many lines that fit nobody are listed on the page
SHOWN = 500


@blueprint.route("", methods=["GET", "POST"])
@requires(Permission.DRAFT)
def upload() -> ResponseReturnValue:
    """Choose a file; then the segment it became, and the lines that fit nobody with their reasons."""
    form, made = ListForm(), None
    if form.validate_on_submit():
        stem = PurePath(form.file.data.filename or "list").stem[:40]
        name = (form["name"].data or "").strip() or f"{stem} {moment(now())}"
        try:
            made = services.take(form.file.data.stream, name, current_actor())
            db.session.commit()
        except DomainError as refusal:
            db.session.rollback()
            form.file.errors = [refusal.message, *refusal.reasons]
    page = render_template("campaigns/uploads/upload.html", form=form, made=made, shown=SHOWN)
    return page, 422 if form.is_submitted() and made is None else 200
