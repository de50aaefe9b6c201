"""The branch board, and closing the day."""

from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf import FlaskForm

from app.core.clock import today
from app.core.db import db
from app.core.errors import NotFound
from app.core.features import current_features
from app.core.permissions import current_actor, requires
from app.tasks.daily import queries, services
from app.tasks.daily.forms import LeaveForm
from app.tasks.daily.lists import DAYS
from app.tasks.daily.policy import WHY, Permission
from app.tasks.daily.services import Reason
from app.tasks.lists import KIND_LABELS
from app.tasks.rotation.queries import matters

blueprint = Blueprint("daily", __name__)


@blueprint.get("/board")
@requires(Permission.BOARD)
def board() -> str:
    actor = current_actor()
    return render_template(
        "tasks/daily/board.html",
        rows=queries.board(actor),
        matters=matters(),
        kinds=KIND_LABELS,
        day=today(),
        before=queries.last_working_day(today()),
        stuck_before=queries.stuck_before(),
        gaps=queries.gaps(actor),
        tasks_of=_tasks_of,
    )


@blueprint.route("/board/days", methods=["GET", "POST"])
@requires(Permission.BOARD)
def days() -> ResponseReturnValue:
    """Everybody's days; first those that nobody closed."""
    return DAYS.respond()


def _tasks_of(user_id: int | None, **rules: Any) -> str:
    """The list of the open tasks that a number counts."""
    owner = {"owner.in": user_id} if user_id else {"owner.empty": ""}
    return url_for("tasks.index", **{**owner, "state.in": "open", **rules})


@blueprint.route("/day/close", methods=["GET", "POST"])
@requires(Permission.CLOSE)
def close() -> ResponseReturnValue:
    """What was done and what stays open; with `day`, the working day before."""
    actor = current_actor()
    day = _day()
    form, rest = FlaskForm(), queries.due_by(actor.id, day)
    if form.validate_on_submit():
        reasons = {task.id: _reason(task.id) for task in rest if request.form.get(f"why_{task.id}")}
        first_next, note = request.form.get("first_next", "")[:1000], request.form.get("note", "")[:1000]
        closing = services.close_day(actor, day, reasons, first_next, note)
        db.session.commit()
        flash(_("The day is closed."), "success")
        return redirect(url_for(".show", id=closing.id))
    return render_template("tasks/daily/close.html", form=form, rest=rest, why=WHY, **_of_day(actor.id, day))


def _day() -> date:
    try:
        return date.fromisoformat(request.args["day"]) if "day" in request.args else today()
    except ValueError:
        raise NotFound(_("There is no such day.")) from None


def _reason(task_id: int) -> Reason:
    return Reason(request.form[f"why_{task_id}"], request.form.get(f"note_{task_id}", "")[:200])


def _of_day(user_id: int, day: date) -> dict[str, Any]:
    kinds = current_features().timeline_kinds
    told = {
        kinds[kind].label: number for kind, number in queries.told_on(user_id, day).items() if kind in kinds
    }
    return {
        "day": day,
        "done": queries.done_on(user_id, day),
        "told": told,
        "next": queries.next_after(user_id, day),
        "closing": queries.closing_of(user_id, day),
    }


@blueprint.route("/day/leave", methods=["GET", "POST"])
@requires(Permission.CLOSE)
def leave() -> ResponseReturnValue:
    """Days of leave: one's own, and for those who lead everybody's in reach."""
    actor, people = current_actor(), queries.may_be_away(current_actor())
    form = LeaveForm(user_id=actor.id)
    form.offer(people)
    if form.validate_on_submit():
        user = next(one for one in people if one.id == form.user_id.data)
        number = services.take_leave(user, *form.span, actor)
        db.session.commit()
        told = _("%(count)s working days of leave entered for %(name)s.", count=number, name=user.name)
        flash(told, "success")
        return redirect(url_for(".leave"), 303)
    days = queries.leave_of(actor, queries.last_working_day(today()))
    page = render_template("tasks/daily/leave.html", form=form, days=days, today=today())
    return page, 422 if form.is_submitted() else 200


@blueprint.post("/day/<int:id>/end-leave")
@requires(Permission.CLOSE)
def end_leave(id: int) -> ResponseReturnValue:
    services.end_leave(queries.find(id, current_actor()), current_actor())
    db.session.commit()
    flash(_("The day of leave is cancelled."), "success")
    return redirect(url_for(".leave"), 303)


@blueprint.get("/day/<int:id>")
@requires(Permission.CLOSE)
def show(id: int) -> str:
    closing = queries.find(id, current_actor())
    return render_template(
        "tasks/daily/show.html", why=WHY, **{**_of_day(closing.user_id, closing.day), "closing": closing}
    )
