"""Print batches: the list, one with its files, its lines, and posting them."""

from flask import Blueprint, Response, flash, redirect, render_template, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from app.core.clock import today
from app.core.db import db
from app.core.errors import DomainError
from app.core.permissions import current_actor, requires
from app.core.sheets.workbooks import MEDIA_TYPE, workbook_bytes
from app.core.workflow.engine import available, history
from campaigns.channels.letter.issued.policy import Permission
from campaigns.channels.letter.policy import Permission as Outline
from campaigns.ledger.printing import queries, services
from campaigns.ledger.printing.forms import ListForm, PostForm, pairs_of
from campaigns.ledger.printing.lists import BATCHES, LINES
from campaigns.ledger.printing.models import PrintBatch
from campaigns.ledger.printing.workflow import PRINT_BATCH, find

#: reasons that are listed when a list is refused
SHOWN = 50

blueprint = Blueprint("printing", __name__, url_prefix="/letters/batches")


@blueprint.route("", methods=["GET", "POST"])
@requires(Outline.VIEW)
def index() -> ResponseReturnValue:
    return BATCHES.respond()


@blueprint.get("/<int:id>")
@requires(Outline.VIEW)
def show(id: int) -> str:
    """Where the batch is, its files, and what may be done."""
    return _page(find(id, current_actor()))


def _page(
    batch: PrintBatch,
    form: PostForm | None = None,
    refused: DomainError | None = None,
    list_form: ListForm | None = None,
) -> str:
    return render_template(
        "campaigns/printing/show.html",
        batch=batch,
        workflow=PRINT_BATCH,
        options=available(PRINT_BATCH, batch, current_actor()),
        history=history(PRINT_BATCH, batch.id),
        counts=queries.counts(batch.id),
        form=form or PostForm(formdata=None),
        list_form=list_form or ListForm(formdata=None),
        refused=refused,
    )


@blueprint.route("/<int:id>/lines", methods=["GET", "POST"])
@requires(Outline.VIEW)
def lines(id: int) -> ResponseReturnValue:
    """What is on the pile, line by line."""
    batch = find(id, current_actor())
    return LINES.respond(batch, batch=batch, back=url_for(".show", id=id))


@blueprint.get("/<int:id>/letters.pdf")
@requires(Outline.VIEW)
def letters(id: int) -> ResponseReturnValue:
    """What is printed, from the archive."""
    return send_file(queries.document_of(find(id, current_actor())), mimetype="application/pdf")


@blueprint.get("/<int:id>/envelopes.pdf")
@requires(Outline.VIEW)
def envelopes(id: int) -> Response:
    """An envelope a line, in their order."""
    return Response(queries.envelopes(find(id, current_actor())), mimetype="application/pdf")


@blueprint.get("/<int:id>/manifest.xlsx")
@requires(Outline.VIEW)
def manifest(id: int) -> Response:
    """What is on the pile, to be checked against it."""
    batch = find(id, current_actor())
    header = (
        _("Line"), _("Number of the letter"), _("Employer"), _("Address"), _("Postal code"), _("Page"),
        _("Fingerprint of the content"), _("Tracking number"), _("Spoilt"),
    )  # fmt: skip
    made = workbook_bytes(f"{batch.campaign_id}-{batch.number}", header, queries.manifest(batch))
    return send_file(
        made, MEDIA_TYPE, as_attachment=True, download_name=f"{batch.campaign.name}-{batch.number}.xlsx"
    )


@blueprint.post("/<int:id>/list")
@requires(Permission.FOLLOW)
def take_list(id: int) -> ResponseReturnValue:
    """The manifest as the print room filled it in."""
    batch, form = find(id, current_actor()), ListForm()
    if not form.validate_on_submit():
        return _page(batch, list_form=form), 422
    try:
        taken = services.take_list(batch, form.file.data.stream, form.on.data or today(), current_actor())
    except DomainError as refusal:
        db.session.rollback()
        form.file.errors = [refusal.message, *refusal.reasons[:SHOWN]]
        return _page(find(id, current_actor()), list_form=form), 422
    db.session.commit()
    flash(
        _(
            "Taken from the list: %(good)s good letters, %(spoilt)s spoilt, %(posted)s posted.",
            good=taken.counted_in, spoilt=taken.spoilt, posted=taken.posted,
        ),
        "success",
    )  # fmt: skip
    return redirect(url_for(".show", id=id), 303)


@blueprint.post("/<int:id>/post")
@requires(Permission.FOLLOW)
def post(id: int) -> ResponseReturnValue:
    """Tracking numbers, scanned or typed, line by line."""
    batch, form = find(id, current_actor()), PostForm()
    if not form.validate_on_submit():
        return _page(batch, form), 422
    try:
        pairs = pairs_of(form.pairs.data or "")
        count = services.post(batch, form.posted_on.data or today(), pairs, current_actor())
    except DomainError as refusal:
        db.session.rollback()
        return _page(find(id, current_actor()), form, refusal), 422
    db.session.commit()
    flash(ngettext("%(num)d letter is posted.", "%(num)d letters are posted.", count), "success")
    return redirect(url_for(".show", id=id), 303)
