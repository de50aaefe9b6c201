"""The page where a list becomes an audience."""

from base64 import b64encode
from pathlib import PurePath

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.core.clock import now
from app.core.db import db
from app.core.errors import DomainError
from app.core.language.formats import moment
from app.core.permissions import current_actor, requires
from app.core.sheets.workbooks import MEDIA_TYPE, workbook_bytes
from campaigns.drafting.policy import Permission
from campaigns.drafting.uploads import services
from campaigns.drafting.uploads.forms import ListForm

blueprint = Blueprint("uploads", __name__, url_prefix="/campaigns/list")

#: so many lines that fit nobody are listed on the page; a workbook has them all
SHOWN = 500


@blueprint.route("", methods=["GET", "POST"])
@requires(Permission.DRAFT)
def upload() -> ResponseReturnValue:
    """Choose a file; then the segment it became, and the lines that fit nobody with their reasons."""
    form, made, left_out = ListForm(), None, ""
    if form.validate_on_submit():
        stem = PurePath(form.file.data.filename or "list").stem[:40]
        name = (form["name"].data or "").strip() or f"{stem} {moment(now())}"
        try:
            made = services.take(form.file.data.stream, name, current_actor())
            db.session.commit()
            left_out = _left_out(made)
        except DomainError as refusal:
            db.session.rollback()
            form.file.errors = [refusal.message, *refusal.reasons]
    page = render_template(
        "campaigns/uploads/upload.html", form=form, made=made, shown=SHOWN, left_out=left_out
    )
    return page, 422 if form.is_submitted() and made is None else 200


def _left_out(made: services.Uploaded) -> str:
    """All lines that fit nobody as a workbook, within the link itself: the file was read and is not kept."""
    if not made.unmatched:
        return ""
    header = [_("Row"), _("What it says"), _("Reason")]
    rows = [[one.number, one.written, str(one.reason)] for one in made.unmatched]
    content = workbook_bytes(_("Lines left out"), header, rows).getvalue()
    return f"data:{MEDIA_TYPE};base64,{b64encode(content).decode()}"
