"""Pages of what somebody asked of a list: how far it is, what came of each row, its file, the way back."""

from flask import Blueprint, Response, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.core import signals
from app.core.db import db
from app.core.errors import Conflict, Forbidden, NotFound
from app.core.jobs import enqueue
from app.core.listing.declaration import PAGES
from app.core.listing.export import file_name
from app.core.listing.run_jobs import FILE_DAYS, carry_on
from app.core.listing.running import action_of, answered, links_of, may_undo, page_of, undo_rows
from app.core.listing.runs import (
    ROW_LABELS,
    ROW_TONES,
    STATE_LABELS,
    STATE_TONES,
    ListRun,
    ListRunRow,
    RowState,
    RunKind,
    RunState,
    own,
    own_runs,
    reach_of,
)
from app.core.permissions import current_actor, may, signed_in
from app.core.sheets.workbooks import MEDIA_TYPE

blueprint = Blueprint("runs", __name__, url_prefix="/runs")

PAGE = 100
#: fewer rows than this are undone within the request
UNDO_AT_ONCE = 500


@blueprint.get("")
@signed_in
def index() -> ResponseReturnValue:
    """One's own exports and bulk actions, newest first."""
    return render_template(
        "runs/index.html",
        runs=own_runs(current_actor()),
        title_of=title_of,
        labels=STATE_LABELS,
        tones=STATE_TONES,
    )


@blueprint.get("/<int:run_id>")
@signed_in
def show(run_id: int) -> ResponseReturnValue:
    """One of them: its progress, its counts, its rows; or its file."""
    actor = current_actor()
    run = own(run_id, actor)
    only = request.args.get("rows", "")
    action = action_of(run)
    rows = _rows(run, only, request.args.get("after", 0, type=int))
    step = action.next_step(run.answers, actor) if action and action.next_step and run.done else None
    return render_template(
        "runs/show.html",
        run=run,
        title=title_of(run),
        labels=STATE_LABELS,
        tones=STATE_TONES,
        row_labels=ROW_LABELS,
        row_tones=ROW_TONES,
        rows=rows[:PAGE],
        links=links_of(run, [row.record_id for row in rows[:PAGE]], actor) if not run.busy else {},
        after=rows[PAGE - 1].id if len(rows) > PAGE else None,
        only=only,
        step=step if not run.busy else None,
        answers=answered(run),
        said=action.said_of(run.followed) if action else "",
        undoable=may_undo(run, actor),
        days=FILE_DAYS,
    )


@blueprint.get("/<int:run_id>/progress")
@signed_in
def progress(run_id: int) -> ResponseReturnValue:
    """The progress bar alone; when the work is done, the whole page is asked to load again."""
    run = own(run_id, current_actor())
    if not run.busy:
        return Response(headers={"HX-Refresh": "true"})
    return render_template("runs/progress.html", run=run, labels=STATE_LABELS)


@blueprint.post("/<int:run_id>/stop")
@signed_in
def stop(run_id: int) -> ResponseReturnValue:
    """What is done stays done (and can be undone); the rest is left."""
    run = own(run_id, current_actor(), lock=True)
    if run.state not in {RunState.WAITING, RunState.RUNNING}:
        raise Conflict(_l("There is nothing to stop any more."))
    run.state = RunState.STOPPING
    enqueue(carry_on, run.id)
    db.session.commit()
    return redirect(url_for(".show", run_id=run.id), 303)


@blueprint.post("/<int:run_id>/undo")
@signed_in
def undo(run_id: int) -> ResponseReturnValue:
    actor = current_actor()
    run = own(run_id, actor, lock=True)
    if not may_undo(run, actor):
        raise Conflict(_l("There is nothing to undo here."))
    run.state = RunState.UNDOING
    if run.done > UNDO_AT_ONCE:
        enqueue(carry_on, run.id)
    else:
        while undo_rows(run):
            pass
        flash(_("Undone for %(undone)s rows; %(kept)s stay.", undone=run.undone, kept=run.kept), "success")
    db.session.commit()
    return redirect(url_for(".show", run_id=run.id), 303)


@blueprint.get("/<int:run_id>/file")
@signed_in
def file(run_id: int) -> ResponseReturnValue:
    """The workbook, for whoever asked for it and still may have it."""
    actor = current_actor()
    run = own(run_id, actor)
    if run.kind is not RunKind.EXPORT or run.state is not RunState.DONE or not run.file.is_file():
        raise NotFound(_l("There is no file here; export the list again."))
    page = page_of(run)
    rights = [page.export_permission, page.reveal_permission if run.reason else page.export_permission]
    if not all(right is not None and may(actor, right) for right in rights):
        raise Forbidden(_l("Your role does not allow this. Ask your security administrator."))
    if run.reach != reach_of(actor):
        raise Forbidden(_l("Which records you may see has changed since. Export the list again."))
    signals.export_fetched.send(run.list_name, run=run)
    name = file_name(str(page.title))
    return send_file(run.file, MEDIA_TYPE, as_attachment=True, download_name=name)


def title_of(run: ListRun) -> str:
    """What was asked, and of which list."""
    page, action = PAGES.get(run.list_name), action_of(run)
    what = str(action.label) if action else _("Export") if run.kind is RunKind.EXPORT else run.action
    return f"{page.title if page else run.list_name} · {what}"


def _rows(run: ListRun, only: str, after: int) -> list[ListRunRow]:
    """The rows of a state, or all; one more than a page if there are more."""
    query = select(ListRunRow).where(ListRunRow.run_id == run.id, ListRunRow.id > after)
    if only in {state.value for state in RowState}:
        query = query.where(ListRunRow.state == RowState(only))
    return list(db.session.scalars(query.order_by(ListRunRow.id).limit(PAGE + 1)))
