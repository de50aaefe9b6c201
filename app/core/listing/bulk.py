"""Doing one thing to many rows of a list: confirm first, then act row by row and tell what was skipped."""

from collections.abc import Sequence
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_wtf import FlaskForm
from markupsafe import Markup, escape
from sqlalchemy import Select

from app.core.db import db
from app.core.errors import Conflict, DomainError, Forbidden
from app.core.jobs import enqueue
from app.core.listing import paging
from app.core.listing.parts import BulkAction
from app.core.listing.run_jobs import carry_on
from app.core.listing.running import do_rows
from app.core.listing.runs import ListRun, RunKind, add_rows, begin
from app.core.listing.state import ListState
from app.core.permissions import may

#: More rows than this are left to a worker.
AT_ONCE = 500
#: Still more are refused, with the advice to narrow the list.
MOST_ROWS = 100_000
#: named on the page that asks for confirmation
NAMED_ROWS = 10


def chosen_ids() -> list[int]:
    """The ticked rows; nonsense among them is left out."""
    given = request.form.getlist("ids")
    return [int(one) for one in given if one.isascii() and one.isdecimal() and len(one) <= 15][:MOST_ROWS]


def bulk(state: ListState) -> ResponseReturnValue:
    """Asks for confirmation (and what the action needs), or carries it out."""
    action = _action(state)
    query, everything = _meant(state)
    ids = _ids(state, query)
    form = action.form()
    if request.form.get("confirmed") and form.validate_on_submit():
        if request.form.get("expected") != str(len(ids)):
            raise Conflict(
                _l("The list has changed since you looked: now %(count)s rows. Start again.", count=len(ids))
            )
        return _carried_out(state, action, form, ids)
    if not request.form.get("confirmed"):
        form = action.form(formdata=None)
    return render_template(
        "shared/list_bulk.html",
        page=state.page,
        action=action,
        form=form,
        count=len(ids),
        at_once=AT_ONCE,
        names=_names(state, query),
        ids=[] if everything else chosen_ids(),
        back=state.url(),
    )


def _action(state: ListState) -> BulkAction:
    action = state.page.action(request.form.get("do", "").partition(":")[2])
    if action is None:
        raise DomainError(_l("Choose what to do with the rows."))
    if not may(state.actor, action.permission):
        raise Forbidden(_l("Your role does not allow this. Ask your security administrator."))
    return action


def _meant(state: ListState) -> tuple[Select[Any], bool]:
    """The rows meant, through the list's own select: ids out of the reader's reach find nothing."""
    if request.form.get("rows") == "all":
        return state.query, True
    # a ticked row counts even when it no longer matches the criteria
    return state.page.select(state.actor, *state.args).where(state.page.key.in_(chosen_ids())), False


def _ids(state: ListState, query: Select[Any]) -> Sequence[int]:
    keys = query.with_only_columns(state.page.key, maintain_column_froms=True)
    found = db.session.scalars(paging.ordered(keys, state.order).limit(MOST_ROWS + 1)).all()
    if not found:
        raise DomainError(_l("Choose at least one row."))
    if len(found) > MOST_ROWS:
        raise DomainError(
            _l("These are more than %(limit)s rows. Narrow the list and do it in parts.", limit=MOST_ROWS)
        )
    return found


def _names(state: ListState, query: Select[Any]) -> list[str]:
    """What the first rows are called."""
    single = len(query.column_descriptions) == 1
    rows = db.session.execute(paging.ordered(query, state.order).limit(NAMED_ROWS)).all()
    return [state.page.title_of(row[0] if single else row) for row in rows]


def _carried_out(
    state: ListState, action: BulkAction, form: FlaskForm, ids: Sequence[int]
) -> ResponseReturnValue:
    run = begin(RunKind.BULK, state, action=action.name, total=len(ids), answers=_answers(form))
    add_rows(run, ids)
    if len(ids) > AT_ONCE:
        enqueue(carry_on, run.id)
        db.session.commit()
        return redirect(url_for("runs.show", run_id=run.id), 303)
    while do_rows(run, state.page, action, form):
        pass
    db.session.commit()
    return _told(state, action, run)


def _answers(form: FlaskForm) -> dict[str, list[str]]:
    """What was filled in, as a worker gives it to the form again."""
    names = [field.name for field in form if field.type not in {"CSRFTokenField", "SubmitField"}]
    return {name: request.form.getlist(name) for name in names if name in request.form}


def _told(state: ListState, action: BulkAction, run: ListRun) -> ResponseReturnValue:
    """Back to the list, or on to the next step; to the result when rows were skipped."""
    result = url_for("runs.show", run_id=run.id)
    if run.skipped:
        return redirect(result, 303)
    done = ngettext("Done for %(num)s row.", "Done for %(num)s rows.", run.done)
    said = f"{done} {action.said_of(run.followed)}".rstrip()
    link = _("Result and undo") if action.undoable else _("What came of it")
    anchor = f'<a class="alert-link" href="{escape(result)}">{escape(link)}</a>'
    flash(Markup(f"{escape(said)} {anchor}"), "success")  # noqa: S704 - all escaped
    step = action.next_step(run.answers, state.actor) if action.next_step else None
    return redirect(step[1] if step else state.url(), 303)
