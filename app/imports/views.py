"""Pages of imports: choose a kind, upload, look at the dry run, apply, undo."""

from collections.abc import Callable

from flask import Blueprint, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.accounts.models import Branch
from app.audit import services as audit
from app.core.db import db
from app.core.errors import NotFound
from app.core.importing.spec import ImportSpec
from app.core.jobs import enqueue
from app.core.language.i18n import msgid
from app.core.permissions import current_actor, requires
from app.core.sheets.refusals import SheetRefused
from app.core.sheets.workbooks import MEDIA_TYPE, workbook_bytes
from app.imports import jobs, queries, services
from app.imports.answers.queries import CONFLICTS, contradictions
from app.imports.answers.services import decide
from app.imports.columns.queries import sources
from app.imports.expected.policy import period_text
from app.imports.expected.queries import STATE_LABELS as EXPECTED_LABELS
from app.imports.expected.queries import STATE_TONES as EXPECTED_TONES
from app.imports.expected.queries import standing
from app.imports.forms import UploadForm, answers_given
from app.imports.guiding.queries import guide_to, notice_of
from app.imports.later.queries import applied_since, newer_file
from app.imports.lists import IMPORTS, kind_title
from app.imports.models import BatchState, ImportBatch
from app.imports.policy import Permission, may_use
from app.imports.workflow import STATE_LABELS, STATE_TONES, silence, steps

blueprint = Blueprint("imports", __name__, url_prefix="/imports")

REJECTED_DOWNLOADED = msgid("Rejected rows downloaded")


@blueprint.route("", methods=["GET", "POST"])
@requires(Permission.VIEW)
def index() -> ResponseReturnValue:
    """The history of imports of the reader's branch."""
    return IMPORTS.respond(
        expected=standing(current_actor()),
        states=EXPECTED_LABELS,
        tones=EXPECTED_TONES,
        period_text=period_text,
        kind_title=kind_title,
    )


@blueprint.get("/new")
@requires(Permission.RUN)
def choose() -> ResponseReturnValue:
    """Which kind of file?"""
    return render_template("imports/choose.html", specs=queries.specs_for(current_actor()))


@blueprint.route("/new/<name>", methods=["GET", "POST"])
@requires(Permission.RUN)
def upload(name: str) -> ResponseReturnValue:
    """Take a file and run it dry: a small one at once, a large one by a worker."""
    spec, actor = _spec(name), current_actor()
    form = UploadForm.asking_for(spec, _like(spec))
    if not form.validate_on_submit():
        return _asked(spec, form)
    branch = db.session.get_one(Branch, actor.branch_id)
    file = form.file.data
    try:
        batch = services.receive(
            spec,
            file.stream,
            file.filename or "",
            actor,
            branch=branch,
            as_of=form.chosen_day,
            period=form.chosen_period,
            source=form.source.data or "",
        )
    except SheetRefused as refusal:
        form.file.errors = [refusal.message]
        return _asked(spec, form)
    batch_id = batch.id
    jobs.dry_run(batch)
    return redirect(url_for(".show", batch_id=batch_id), 303)


def _like(spec: ImportSpec) -> ImportBatch | None:
    """The import whose source, month and day the next file shares: its corrected rows, for instance."""
    number = request.args.get("like", type=int)
    batch = queries.batch_for(current_actor(), number) if number else None
    return batch if batch and batch.spec == spec.name else None


def _asked(spec: ImportSpec, form: UploadForm) -> ResponseReturnValue:
    """The form, with what is wrong with a file that was sent."""
    known = sources(spec.name, current_actor().branch_id)
    status = 422 if form.is_submitted() else 200
    page = render_template("imports/upload.html", spec=spec, form=form, known=known, guide=guide_to(spec))
    return page, status


@blueprint.get("/new/<name>/template.xlsx")
@requires(Permission.RUN)
def template(name: str) -> ResponseReturnValue:
    """An empty workbook with the headings of the kind, and how to fill it in on a second sheet."""
    spec = _spec(name)
    headings = [column.aliases[0] for column in spec.columns]
    content = workbook_bytes(str(spec.title), headings, (), notice_of(spec))
    return send_file(content, MEDIA_TYPE, as_attachment=True, download_name=f"{spec.name}.xlsx")


@blueprint.get("/<int:batch_id>")
@requires(Permission.VIEW)
def show(batch_id: int) -> ResponseReturnValue:
    """One import: what it would do or did, row by row."""
    actor = current_actor()
    batch = queries.batch_for(actor, batch_id)
    spec = queries.spec_named(batch.spec)
    tab = request.args.get("tab", "")
    page = queries.page(batch, spec, tab, request.args.get("after", 0, type=int))
    return render_template(
        "imports/show.html",
        batch=batch,
        spec=spec,
        page=page,
        steps=steps(batch, actor),
        labels=STATE_LABELS,
        silence=silence(batch),
        tones=STATE_TONES,
        before=queries.applied_before(batch),
        newer=newer_file(batch) if batch.state is BatchState.PREVIEWED else None,
        since=applied_since(batch, spec) if batch.state is BatchState.UNDONE and batch.kept else (),
        failure=queries.failure_of(batch),
        why=queries.reason_counts(batch, spec),
        left_out=queries.left_out(batch),
        again=queries.is_to_come_again(batch) and may_use(actor, spec),
        asked=contradictions(batch, spec, tab, request.args.get("after", 0, type=int)),
    )


@blueprint.get("/<int:batch_id>/progress")
@requires(Permission.VIEW)
def progress(batch_id: int) -> ResponseReturnValue:
    """The progress bar alone; when the work is done, the whole page is asked to load again."""
    batch = queries.batch_for(current_actor(), batch_id)
    if not batch.busy:
        return Response(headers={"HX-Refresh": "true"})
    page = {"batch": batch, "labels": STATE_LABELS, "silence": silence(batch)}
    return render_template("imports/progress.html", oob=True, **page)


@blueprint.post("/<int:batch_id>/apply")
@requires(Permission.RUN)
def apply(batch_id: int) -> ResponseReturnValue:
    """Apply what the dry run showed, by a worker."""
    return _taken(services.start_applying, _own(batch_id))


@blueprint.post("/<int:batch_id>/answers")
@requires(Permission.RUN)
def answer(batch_id: int) -> ResponseReturnValue:
    """Keep what people corrected, or take the file's word: by field, and for single rows."""
    decide(_own(batch_id), *answers_given(request.form))
    jobs.dry_run(queries.batch_for(current_actor(), batch_id))
    return redirect(url_for(".show", batch_id=batch_id, tab=CONFLICTS), 303)


@blueprint.post("/<int:batch_id>/cancel")
@requires(Permission.RUN)
def cancel(batch_id: int) -> ResponseReturnValue:
    """Drop a dry run, or stop applying and take back what was applied."""
    return _taken(services.cancel, _own(batch_id))


@blueprint.post("/<int:batch_id>/undo")
@requires(Permission.UNDO)
def undo(batch_id: int) -> ResponseReturnValue:
    """Take an applied import back, by a worker; also of a kind that nobody imports any more."""
    return _taken(services.start_undoing, queries.batch_for(current_actor(), batch_id))


@blueprint.get("/<int:batch_id>/rejected.xlsx")
@requires(Permission.VIEW)
def rejected(batch_id: int) -> ResponseReturnValue:
    """The rejected rows as they came, with the reasons, to be corrected and imported again."""
    batch = queries.batch_for(current_actor(), batch_id)
    header, rows = queries.rejected_table(batch)
    content = workbook_bytes(_("Rejected rows"), header, rows)
    audit.record_now(REJECTED_DOWNLOADED, batch, details={"rows": batch.rejected})
    name = _("%(file)s - not imported.xlsx", file=queries.name_with_month(batch))
    return send_file(content, MEDIA_TYPE, as_attachment=True, download_name=name)


def _spec(name: str) -> ImportSpec:
    """A kind that the reader may import; for everybody else it does not exist."""
    spec = queries.spec_named(name)
    if not may_use(current_actor(), spec):
        raise NotFound(_("There is no such import."))
    return spec


def _own(batch_id: int) -> ImportBatch:
    """A batch in the reader's reach, of a kind that the reader may import."""
    batch = queries.batch_for(current_actor(), batch_id)
    _spec(batch.spec)
    return batch


def _taken(step: Callable[[ImportBatch], None], batch: ImportBatch) -> ResponseReturnValue:
    """Takes a step of the batch, wakes a worker for what it leaves to do, and goes to its page."""
    step(batch)
    if batch.busy:
        enqueue(jobs.run_batch, batch.id)
    db.session.commit()
    return redirect(url_for(".show", batch_id=batch.id), 303)
