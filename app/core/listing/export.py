"""A list as a workbook: exactly the list, in its order, and written down for the auditor."""

from collections.abc import Sequence

from flask import redirect, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.core.clock import today
from app.core.criteria.sentences import sentence
from app.core.db import Intent, db, intending
from app.core.errors import DomainError, Forbidden
from app.core.jobs import enqueue
from app.core.listing import paging
from app.core.listing.exporting import (
    Counted,
    may_export,
    may_export_in_full,
    notice_of,
    proof,
    rows_of,
    tell_exported,
)
from app.core.listing.run_jobs import carry_on
from app.core.listing.runs import RunKind, begin
from app.core.listing.state import ListState
from app.core.sheets.workbooks import MEDIA_TYPE, workbook_file

__all__ = ["export", "file_name", "may_export_in_full"]

#: More rows than this are written by a worker, to be fetched when they are there.
AT_ONCE = 20_000
#: as many as a sheet holds below its heading
MOST_ROWS = 1_048_575


def export(
    state: ListState, *, every_column: bool, ids: Sequence[int] = (), reason: str | None = None
) -> ResponseReturnValue:
    """Sends the list, or the chosen rows of it.

    Personal data is in full only with a `reason`, for those who may reveal it; the workbook then says who
    took it, and the audit trail knows it by its hash.
    """
    page = state.page
    if not may_export(state) or (reason is not None and not may_export_in_full(state)):
        raise Forbidden(_l("Your role does not allow this. Ask your security administrator."))
    columns = list(page.columns) if every_column else state.columns
    reason = reason if any(column.personal for column in columns) else None
    query = state.query
    if ids:
        query = query.where(page.key.in_(ids))
    elif paging.count(query, page.key, AT_ONCE) > AT_ONCE:
        return _by_a_worker(state, [column.name for column in columns], reason)
    criteria, title = sentence(state.whole_tree, state.fields), str(page.title)
    if ids:
        criteria = _("chosen by hand from: %(criteria)s", criteria=criteria)
    notice = notice_of(state, columns, criteria, reason)
    counted = Counted(rows_of(state, columns, reason is not None, query))
    # a long export must not hold the writer's place: read in a transaction of its own
    db.session.rollback()
    with intending(Intent.READ):
        content = workbook_file(title, [column.label for column in columns], counted, notice)
        db.session.rollback()
    tell_exported(state, columns, counted.count, criteria, proof(content, reason))
    db.session.commit()
    return send_file(content, MEDIA_TYPE, as_attachment=True, download_name=file_name(title))


def file_name(title: str) -> str:
    return f"{title}-{today():%Y%m%d}.xlsx"


def _by_a_worker(state: ListState, columns: Sequence[str], reason: str | None) -> ResponseReturnValue:
    total = paging.count(state.query, state.page.key, MOST_ROWS)
    if total > MOST_ROWS:
        raise DomainError(_l("A sheet holds at most %(limit)s rows. Narrow the list.", limit=MOST_ROWS))
    run = begin(RunKind.EXPORT, state, columns=list(columns), total=total, reason=reason)
    enqueue(carry_on, run.id)
    db.session.commit()
    return redirect(url_for("runs.show", run_id=run.id), 303)
