"""Attaching, looking at, downloading and removing files."""

from io import BytesIO
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup
from werkzeug.datastructures import FileStorage

from app.attachments import jobs, queries, services
from app.attachments.forms import LISTS_PEOPLE, PROOFS, DescribeForm, says_list
from app.attachments.models import Attachment, StoredFile
from app.attachments.policy import Permission, may_remove
from app.audit import services as audit
from app.config import current_settings
from app.core.db import db
from app.core.errors import DomainError
from app.core.files.attachable import RecordKind
from app.core.files.pictures import LARGE, SMALL
from app.core.files.types import ACCEPTED
from app.core.jobs import enqueue
from app.core.language.i18n import msgid
from app.core.permissions import Actor, current_actor, may, requires
from app.core.web.site import download_only

bp = Blueprint("attachments", __name__, url_prefix="/attachments")

DOWNLOADED = msgid("File downloaded")
PICTURE_SHOWN = msgid("Picture looked at")
PLACE_SHOWN = msgid("Place and time of a picture shown")


def panel_names(
    kind: RecordKind, record_id: int, actor: Actor, most: int | None = queries.SHOWN
) -> dict[str, Any]:
    """What the panel's template needs; one more than shown is asked for, to know whether there are more."""
    found = queries.attached_to(kind, record_id, actor, most and most + 1)
    return {
        "files": found[:most],
        "more": most is not None and len(found) > most,
        "kind": kind,
        "kinds": {file.kind: queries.kind_named(file.kind) for file in found},
        "record_id": record_id,
        "may_add": may(actor, Permission.ADD) and may(actor, kind.attach),
        "accepted": ACCEPTED,
        "proofs": PROOFS,
        "lists_people": LISTS_PEOPLE,
        "megabytes": current_settings().attachment_megabytes,
    }


def panel(record: Any) -> Markup:
    """For templates: `{{ attachments(visit) }}` shows a record's files and takes new ones."""
    actor = current_actor()
    kind = queries.kind_of(record)
    if not (may(actor, Permission.VIEW) and may(actor, kind.view)):
        return Markup()
    return Markup(render_template("attachments/_panel.html", **panel_names(kind, record.id, actor)))  # noqa: S704 - the template has escaped what it shows


@bp.get("/on/<kind>/<int:record_id>")
@requires(Permission.VIEW)
def listing(kind: str, record_id: int) -> ResponseReturnValue:
    """All files of one record."""
    actor, found = current_actor(), queries.kind_named(kind)
    record = queries.record_for(found, record_id, actor, found.view)
    names = panel_names(found, record_id, actor, most=None)
    return render_template("attachments/all.html", title=found.title(record), **names)


@bp.post("/on/<kind>/<int:record_id>")
@requires(Permission.ADD)
def upload(kind: str, record_id: int) -> ResponseReturnValue:
    """Takes each file by itself: what is good stays, what is refused is named with its reason."""
    actor, found = current_actor(), queries.kind_named(kind)
    queries.record_for(found, record_id, actor, found.attach)
    files = [file for file in request.files.getlist("files") if file.filename]
    if not files:
        raise DomainError(_("Choose a file first."))
    refused = [reason for file in files if (reason := _take(file, found, record_id, actor, len(files) == 1))]
    if refused:
        raise DomainError(_("These files were not attached; the others were."), refused)
    if request.headers.get("HX-Request"):
        return render_template("attachments/_panel.html", **panel_names(found, record_id, actor))
    flash(_("Attached."), "success")
    return redirect(found.url(record_id), 303)


def _take(file: FileStorage, kind: RecordKind, record_id: int, actor: Actor, alone: bool) -> str:
    """Attaches one file and commits it; gives why it was refused, or raises that when it came alone."""
    # a picture takes a moment to prove: meanwhile others may write
    db.session.commit()
    try:
        with services.checked(file.stream) as incoming:
            record = queries.record_for(kind, record_id, actor, kind.attach)
            proves = request.form.get("proves", "")
            lists = bool(request.form.get("lists_people")) or says_list(proves)
            services.attach(kind, record, incoming, file.filename or "", actor, proves, lists_people=lists)
            db.session.commit()
    except DomainError as error:
        db.session.rollback()
        if alone:
            raise
        return str(_("%(file)s: %(reason)s", file=file.filename, reason=error))
    return ""


@bp.get("/<int:id>")
@requires(Permission.VIEW)
def show(id: int) -> ResponseReturnValue:
    """One file: what it is, what it proves, and for those who may see it where and when it was taken."""
    attachment = queries.find(id, current_actor())
    if attachment.file.tells_place_or_time and may(current_actor(), Permission.PLACE):
        audit.record_now(PLACE_SHOWN, attachment)
    return _page(attachment, DescribeForm(obj=attachment))


@bp.post("/<int:id>/describe")
@requires(Permission.ADD)
def describe(id: int) -> ResponseReturnValue:
    """Name a file and say what it proves."""
    actor = current_actor()
    attachment = queries.find(id, actor)
    kind = queries.kind_named(attachment.kind)
    queries.record_for(kind, attachment.record_id, actor, kind.attach)
    form = DescribeForm()
    if not form.validate():
        return _page(attachment, form), 422
    proves = form.proves.data or ""
    lists = bool(form.lists_people.data) or says_list(proves)
    services.describe(attachment, form.title.data or "", proves, lists)
    db.session.commit()
    flash(_("Saved."), "success")
    return redirect(url_for(".show", id=id), 303)


def _page(attachment: Attachment, form: DescribeForm) -> str:
    actor, kind = current_actor(), queries.kind_named(attachment.kind)
    return render_template(
        "attachments/show.html",
        attachment=attachment,
        file=attachment.file,
        kind=kind,
        form=form,
        proofs=PROOFS,
        changeable=may(actor, Permission.ADD) and may(actor, kind.attach),
        told=attachment.file.tells_place_or_time and may(actor, Permission.PLACE),
        removable=may_remove(actor, attachment),
    )


@download_only
@bp.get("/<int:id>/download")
@requires(Permission.VIEW)
def download(id: int) -> ResponseReturnValue:
    """The file as it came, to be saved and never to be shown by the browser itself."""
    attachment = queries.find(id, current_actor())
    path, file = queries.path_of(attachment.file.sha256), attachment.file
    audit.record_now(DOWNLOADED, attachment, details={"sha256": file.sha256, "size": file.size})
    return _never_kept(
        send_file(
            path,
            file.media_type,
            as_attachment=True,
            download_name=attachment.title,
            etag=False,
            conditional=False,
        )
    )


@download_only
@bp.get("/<int:id>/picture")
@requires(Permission.VIEW)
def picture(id: int) -> ResponseReturnValue:
    """A picture large enough to read, drawn anew; looking at it is recorded."""
    attachment = queries.find(id, current_actor())
    answer = _copy(attachment.file, LARGE)
    audit.record_now(PICTURE_SHOWN, attachment)
    return answer


@download_only
@bp.get("/<int:id>/thumbnail")
@requires(Permission.VIEW)
def thumbnail(id: int) -> ResponseReturnValue:
    """A sign of the picture for lists, too small to read."""
    return _copy(queries.find(id, current_actor()).file, SMALL)


@bp.post("/<int:id>/clean")
@requires(Permission.PLACE)
def clean(id: int) -> ResponseReturnValue:
    """Put a copy without place and time in the picture's stead."""
    actor = current_actor()
    attachment = queries.find(id, actor)
    kind = queries.kind_named(attachment.kind)
    record = queries.record_for(kind, attachment.record_id, actor, kind.attach)
    enqueue(jobs.discard, services.clean(attachment, actor))
    db.session.commit()
    flash(_("Place and time were removed. The picture itself is as it was."), "success")
    return redirect(kind.url(record.id), 303)


@bp.post("/<int:id>/remove")
@requires(Permission.REMOVE)
def remove(id: int) -> ResponseReturnValue:
    actor = current_actor()
    attachment = queries.find(id, actor)
    back = queries.kind_named(attachment.kind).url(attachment.record_id)
    enqueue(jobs.discard, services.remove(attachment, actor))
    db.session.commit()
    flash(_("Removed."), "success")
    return redirect(back, 303)


def _copy(file: StoredFile, side: int) -> Response:
    content = BytesIO(services.preview(file, side))
    return _never_kept(send_file(content, "image/jpeg", etag=False, conditional=False))


def _never_kept(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
