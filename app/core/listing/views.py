"""The answer to a request at a list: the page, and what its forms ask for."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.core.criteria import segments
from app.core.criteria.segments import Sharing
from app.core.criteria.sentences import sentence
from app.core.db import db
from app.core.errors import DomainError, Forbidden
from app.core.language.formats import display
from app.core.listing.bulk import bulk, chosen_ids
from app.core.listing.declaration import ListDeclaration
from app.core.listing.editor import Editor, read_editor
from app.core.listing.export import export, may_export_in_full
from app.core.listing.screen import ListScreen
from app.core.listing.state import ListState, here, preference_name, read_state
from app.core.permissions import current_actor
from app.core.personal.reasons import given_reason
from app.core.preferences import choose, pin, unpin


def respond(page: ListDeclaration, args: tuple[Any, ...], extra: Mapping[str, Any]) -> ResponseReturnValue:
    """GET shows the list (or adds a condition and goes there); POST does what its `do` says."""
    state = read_state(page, current_actor(), args)
    if request.method == "POST":
        return _act(state)
    edited = read_editor(state)
    if edited is not None and not isinstance(edited, Editor):
        panel = request.args.get("panel")
        return redirect(state.with_tree(edited, **({"panel": panel} if panel else {})), 303)
    if state.gone:
        flash(_lost(state), "warning")
    return render_template(page.template, list=ListScreen(state, edited), **extra)


def _lost(state: ListState) -> str:
    told = display([sentence({"match": "all", "rules": [item]}, state.fields) for item in state.gone])
    words: str = _(
        "This view asked for what is there no more: %(conditions)s. The list shows the rest of it;"
        " save it anew or delete the view.",
        conditions=told,
    )
    return words


def _act(state: ListState) -> ResponseReturnValue:
    act = ACTS.get(request.form.get("do", "").partition(":")[0])
    if act is None:
        raise DomainError(_l("This form is not known here."))
    if state.gone and act in (_export, _export_in_full, bulk):
        # it would reach further than the view said
        raise DomainError(_lost(state))
    return act(state)


def _export(state: ListState) -> ResponseReturnValue:
    return export(
        state,
        every_column=request.form.get("columns") == "all",
        ids=chosen_ids() if request.form.get("rows") != "all" else (),
    )


def _export_in_full(state: ListState) -> ResponseReturnValue:
    """Personal data in full: first asks for what, then hands it out."""
    if not may_export_in_full(state):
        raise Forbidden(_l("Your role does not allow this. Ask your security administrator."))
    reason = given_reason(request.form)
    if reason is not None:
        chosen = chosen_ids() if request.form.get("rows") != "all" else ()
        return export(state, every_column=request.form.get("columns") == "all", ids=chosen, reason=reason)
    ids = chosen_ids() if request.form.get("rows") == "chosen" else []
    return render_template("shared/list_export.html", page=state.page, ids=ids, back=state.url())


def _choose_columns(state: ListState) -> ResponseReturnValue:
    form = request.form
    names = [name for name in form.getlist("columns") if state.page.column(name)]
    names = _moved(names, form.get("move", ""))
    name = preference_name(state.page, state.view)
    reset = bool(form.get("reset"))
    choose(state.actor.id, name, [] if reset else names, "" if reset else state.sort)
    db.session.commit()
    return redirect(state.url(panel="columns"), 303)


def _moved(names: list[str], move: str) -> list[str]:
    """The names with one of them moved a place, as `name:up` or `name:down` says."""
    name, _colon, way = move.partition(":")
    if name not in names:
        return names
    place = names.index(name)
    to = max(0, place - 1) if way == "up" else place + 1
    rest = [one for one in names if one != name]
    return [*rest[:to], name, *rest[to:]]


def _save_view(state: ListState) -> ResponseReturnValue:
    form = request.form
    saved = segments.save(
        state.page.name,
        form.get("name", ""),
        state.whole_tree,
        state.fields,
        state.actor,
        sharing=_sharing(state),
        columns=[column.name for column in state.columns],
        sort=state.sort,
        pinned=bool(form.get("pinned")),
    )
    db.session.commit()
    flash(_("Saved as “%(name)s”.", name=saved.name), "success")
    return redirect(here(view=saved.id), 303)


def _sharing(state: ListState) -> Sharing:
    try:
        sharing = Sharing(request.form.get("sharing", Sharing.PRIVATE))
    except ValueError:
        raise DomainError(_l("Choose who sees it.")) from None
    if sharing is Sharing.PUBLIC and not state.may_publish:
        raise Forbidden(_l("Your role may not share with everybody; share with your branch instead."))
    return sharing


def _pin_view(state: ListState) -> ResponseReturnValue:
    """The open view among one's pins, or no more."""
    if state.view is None:
        raise DomainError(_l("Open the view that you want to pin."))
    if request.form.get("on"):
        pin(state.actor.id, state.page.name, state.view.id, state.view.name)
    else:
        unpin(state.actor.id, state.view.id)
    db.session.commit()
    return redirect(state.url(), 303)


def _take_view(state: ListState) -> ResponseReturnValue:
    """The open view, left behind by its owner, becomes the reader's."""
    if state.view is None:
        raise DomainError(_l("Open the view that you want to take over."))
    segments.take_over(state.view, state.actor, state.may_publish)
    db.session.commit()
    flash(_("“%(name)s” is yours now.", name=state.view.name), "success")
    return redirect(state.url(), 303)


def _delete_view(state: ListState) -> ResponseReturnValue:
    if state.view is None:
        raise DomainError(_l("Open the view that you want to delete."))
    segments.delete(state.view, state.actor)
    db.session.commit()
    flash(_("Deleted."), "success")
    return redirect(here(), 303)


ACTS: dict[str, Callable[[ListState], ResponseReturnValue]] = {
    "export": _export,
    "export_in_full": _export_in_full,
    "columns": _choose_columns,
    "save_view": _save_view,
    "pin_view": _pin_view,
    "take_view": _take_view,
    "delete_view": _delete_view,
    "bulk": bulk,
}
