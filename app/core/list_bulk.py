"""Doing one thing to many rows of a list: confirm first, then act row by row and tell what was refused."""

from collections.abc import Sequence
from typing import Any

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from app.core import paging
from app.core.db import db
from app.core.errors import Conflict, DomainError, Forbidden
from app.core.list_parts import BulkAction, Outcome
from app.core.list_state import ListState
from app.core.permissions import may

#: Done within one request; more is refused, with the advice to narrow the list.
MOST_ROWS = 2000


def chosen_ids() -> list[int]:
    """The ticked rows; nonsense among them is left out."""
    given = request.form.getlist("ids")
    return [int(one) for one in given if one.isascii() and one.isdecimal() and len(one) <= 15][:MOST_ROWS]


def bulk(state: ListState) -> ResponseReturnValue:
    """Asks for confirmation (and what the action needs), or carries it out."""
    action = _action(state)
    rows, everything = _rows(state)
    form = action.form()
    if request.form.get("confirmed") and form.validate_on_submit():
        if request.form.get("expected") != str(len(rows)):
            raise Conflict(
                _l("The list has changed since you looked: now %(count)s rows. Start again.", count=len(rows))
            )
        return _carried_out(state, action, action.run(rows, _title(state), state.actor, form))
    if not request.form.get("confirmed"):
        form = action.form(formdata=None)
    return render_template(
        "shared/list_bulk.html",
        page=state.page,
        action=action,
        form=form,
        rows=rows,
        title=_title(state),
        ids=[] if everything else chosen_ids(),
        back=state.url(),
    )


def _action(state: ListState) -> BulkAction:
    name = request.form.get("do", "").partition(":")[2]
    action = next((action for action in state.page.bulk if action.name == name), None)
    if action is None:
        raise DomainError(_l("Choose what to do with the rows."))
    if not may(state.actor, action.permission):
        raise Forbidden(_l("Your role does not allow this. Ask your security administrator."))
    return action


def _rows(state: ListState) -> tuple[Sequence[Any], bool]:
    """The rows meant, through the list's own select: ids out of the reader's reach find nothing."""
    everything = request.form.get("rows") == "all"
    query = state.query()
    if not everything:
        # a ticked row counts even when it no longer matches the criteria
        query = state.page.select(state.actor, *state.args).where(state.page.key.in_(chosen_ids()))
    found = db.session.execute(paging.ordered(query, state.order).limit(MOST_ROWS + 1)).all()
    if not found:
        raise DomainError(_l("Choose at least one row."))
    if len(found) > MOST_ROWS:
        raise DomainError(
            _l("These are more than %(limit)s rows. Narrow the list and do it in parts.", limit=MOST_ROWS)
        )
    single = len(query.column_descriptions) == 1
    return [row[0] if single else row for row in found], everything


def _title(state: ListState) -> Any:
    first = state.page.columns[0]
    return lambda row: str(first.value_of(row))


def _carried_out(state: ListState, action: BulkAction, outcome: Outcome) -> ResponseReturnValue:
    db.session.commit()
    followed = action.said_of(outcome)
    if not outcome.refused:
        done = ngettext("Done for %(num)s row.", "Done for %(num)s rows.", outcome.done)
        flash(f"{done} {followed}".rstrip(), "success")
        return redirect(state.url(), 303)
    return render_template(
        "shared/list_outcome.html",
        page=state.page,
        action=action,
        outcome=outcome,
        lead=f"{_tally(outcome)} {followed}".rstrip(),
        back=state.url(),
    )


def _tally(outcome: Outcome) -> str:
    said: str = _("%(done)s done, %(refused)s refused.", done=outcome.done, refused=len(outcome.refused))
    return said
