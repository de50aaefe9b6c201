"""Pages of employers."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.core import segments as saved
from app.core.db import db
from app.core.errors import Forbidden
from app.core.permissions import current_actor, may, requires
from app.core.segment_form import SegmentForm
from app.core.segments import Sharing
from app.core.sentences import Wording
from app.employers.lists import EMPLOYERS, LIST, count_segments, employer_fields
from app.employers.policy import Permission

blueprint = Blueprint("employers", __name__, url_prefix="/employers")


@blueprint.route("", methods=["GET", "POST"])
@requires(Permission.VIEW)
def index() -> ResponseReturnValue:
    """The list; link to any part of it with `url_for("employers.index", **{"stage.in": "in_arrears"})`."""
    return EMPLOYERS.respond()


@blueprint.get("/segments")
@requires(Permission.VIEW)
def segments() -> ResponseReturnValue:
    """Every segment the reader sees, in words and with its size in the reader's scope."""
    actor = current_actor()
    found = saved.listed(LIST, actor)
    return render_template(
        "employers/segments.html",
        segments=found,
        counts=count_segments(found, actor),
        wording=Wording(employer_fields()),
        may_change=lambda segment: saved.may_change(segment, actor),
        sharing_labels=saved.SHARING_LABELS,
    )


@blueprint.route("/segments/<int:segment_id>", methods=["GET", "POST"])
@requires(Permission.VIEW)
def edit_segment(segment_id: int) -> ResponseReturnValue:
    """Rename a segment of one's own, and choose who sees it."""
    actor = current_actor()
    segment = saved.get(segment_id, actor, LIST)
    if not saved.may_change(segment, actor):
        raise Forbidden(saved.OWNER_ONLY)
    form = SegmentForm(obj=segment)
    form.offer(segment, may(actor, Permission.PUBLISH))
    if not form.validate_on_submit():
        status = 422 if form.is_submitted() else 200
        return render_template("employers/segment.html", segment=segment, form=form), status
    saved.rename(segment, form.name.data or "", actor)
    saved.share(segment, Sharing(form.sharing.data), bool(form.pinned.data), actor)
    db.session.commit()
    flash(_("Saved."), "success")
    return redirect(url_for(".segments"), 303)


@blueprint.post("/segments/<int:segment_id>/delete")
@requires(Permission.VIEW)
def delete_segment(segment_id: int) -> ResponseReturnValue:
    actor = current_actor()
    saved.delete(saved.get(segment_id, actor, LIST), actor)
    db.session.commit()
    flash(_("Deleted."), "success")
    return redirect(url_for(".segments"), 303)
