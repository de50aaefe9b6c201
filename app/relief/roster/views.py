"""Rosters of key employers: all of them, one with its employers, and one employer's answers."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.core.clock import today
from app.core.criteria.trees import rule, to_query
from app.core.db import db
from app.core.permissions import current_actor, requires
from app.relief.policy import Permission
from app.relief.roster import queries, services
from app.relief.roster.forms import LineForm, RosterForm
from app.relief.roster.lists import LINES
from app.relief.roster.models import INTENT_LABELS, INTENT_TONES, WANTS, ReliefRosterLine

bp = Blueprint("relief_roster", __name__, url_prefix="/relief/rosters")


@bp.context_processor
def _labels() -> dict[str, Any]:
    return {"intents": INTENT_LABELS, "tones": INTENT_TONES, "wants": WANTS}


@bp.get("")
@requires(Permission.VIEW)
def index() -> str:
    """Every roster with how far it has come."""
    return render_template("relief/roster/index.html", rosters=queries.rosters(current_actor()))


@bp.route("/new", methods=["GET", "POST"])
@requires(Permission.APPLY)
def new() -> ResponseReturnValue:
    actor = current_actor()
    form = RosterForm()
    form.offer(actor)
    if form.validate_on_submit():
        roster = services.make(form.title.data or "", form.due_on.data or today(), actor, form.segment(actor))
        db.session.commit()
        flash(_("Saved."), "success")
        return redirect(url_for(".show", id=roster.id))
    return render_template("relief/roster/new.html", form=form), 422 if form.is_submitted() else 200


@bp.route("/<int:id>", methods=["GET", "POST"])
@requires(Permission.VIEW)
def show(id: int) -> ResponseReturnValue:
    actor = current_actor()
    roster = queries.find(id, actor)
    return LINES.respond(
        roster.id, roster=roster, progress=queries.progress_of(roster.id, actor), urls=_urls(id)
    )


def _urls(id: int) -> dict[str, str]:
    """The rows behind each counter."""
    rules = {
        "surveyed": rule("surveyed_on", "not_empty"),
        "intending": rule("intent", "in", [one.value for one in WANTS]),
        "handled": rule("handled_on", "not_empty"),
    }
    trees: dict[str, Any] = {name: {"match": "all", "rules": [one]} for name, one in rules.items()}
    queries_of: dict[str, dict[str, Any]] = {name: dict(to_query(tree)) for name, tree in trees.items()}
    return {name: url_for(".show", id=id, **arguments) for name, arguments in queries_of.items()}


@bp.get("/lines/<int:id>")
@requires(Permission.VIEW)
def line(id: int) -> ResponseReturnValue:
    """What one employer answered, and what was done for it."""
    return _line_page(queries.find_line(id, current_actor()))


@bp.post("/lines/<int:id>")
@requires(Permission.APPLY)
def survey(id: int) -> ResponseReturnValue:
    actor = current_actor()
    found, form = queries.find_line(id, actor), LineForm()
    if not form.validate_on_submit():
        return _line_page(found, form)
    services.survey(found, form.answer, form.note.data or "", actor)
    if how := (form.handled_how.data or "").strip():
        services.handle(found, how, actor)
    db.session.commit()
    flash(_("Saved."), "success")
    return redirect(url_for(".show", id=found.roster_id))


def _line_page(line: ReliefRosterLine, refused: LineForm | None = None) -> ResponseReturnValue:
    said = {"intent": line.intent, "note": line.note, "handled_how": line.handled_how}
    form = refused or LineForm(formdata=None, data=said)
    return render_template("relief/roster/line.html", form=form, line=line), 422 if refused else 200
