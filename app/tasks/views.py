"""My day, and the life of one task."""

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts.models import User
from app.core.clock import today
from app.core.db import db
from app.core.features import current_features
from app.core.links import came_from, safe_path
from app.core.permissions import current_actor, requires
from app.core.web.panels import workspace_cards
from app.employers.queries import find as find_employer
from app.employers.queries import possible_owners
from app.tasks import queries, services
from app.tasks.forms import CancelForm, CloseForm, NewTaskForm, PutOffForm, ReassignForm
from app.tasks.lists import TASKS
from app.tasks.policy import Permission, may_work_on

bp = Blueprint("tasks", __name__)


@bp.get("/")
@requires(Permission.VIEW)
def my_day() -> ResponseReturnValue:
    actor = current_actor()
    cards = workspace_cards(current_features().workspace, actor)
    return render_template("tasks/my_day.html", day=queries.my_day(actor), cards=cards, today=today())


@bp.route("/tasks", methods=["GET", "POST"])
@requires(Permission.VIEW)
def index() -> ResponseReturnValue:
    return TASKS.respond()


@bp.get("/tasks/<int:id>")
@requires(Permission.VIEW)
def show(id: int) -> ResponseReturnValue:
    actor = current_actor()
    task = queries.find(id, actor)
    reassign = ReassignForm(owner_id=task.owner_id)
    reassign.offer(list(possible_owners(task.branch_id)))
    return render_template(
        "tasks/show.html",
        task=task,
        origin=queries.page_of_source(task),
        workable=may_work_on(actor, task),
        recorded=queries.is_recorded(task),
        close=CloseForm(),
        cancel=CancelForm(),
        put_off=PutOffForm(due_on=max(task.due_on, today())),
        reassign=reassign,
    )


@bp.route("/tasks/new", methods=["GET", "POST"])
@requires(Permission.WORK)
def new() -> ResponseReturnValue:
    actor = current_actor()
    employer_id = request.values.get("employer_id", type=int)
    employer = find_employer(employer_id, actor) if employer_id else None
    form = NewTaskForm(owner_id=actor.id, employer_id=employer_id)
    form.offer(list(possible_owners(employer.branch_id if employer else actor.branch_id)))
    if not form.validate_on_submit():
        status = 422 if form.is_submitted() else 200
        return render_template("tasks/new.html", form=form, employer=employer), status
    owner = db.session.get(User, form.owner_id.data)
    task = services.open_by_hand(*form.promise, actor, employer=employer, owner=owner)
    db.session.commit()
    flash(_("Task opened: due on %(day)s.", day=str(task.due_on)), "success")
    return redirect(safe_path(request.args.get("back")) or "/")


@bp.get("/tasks/<int:id>/close")
@requires(Permission.WORK)
def close(id: int) -> ResponseReturnValue:
    """The small form that takes the place of a task's line."""
    task = queries.find(id, current_actor())
    origin = queries.page_of_source(task) if queries.is_recorded(task) else None
    return render_template("tasks/_close.html", task=task, form=CloseForm(back=came_from()), origin=origin)


@bp.post("/tasks/<int:id>/complete")
@requires(Permission.WORK)
def complete(id: int) -> ResponseReturnValue:
    actor = current_actor()
    task = queries.find(id, actor)
    form = CloseForm()
    if not form.validate_on_submit():
        return render_template("tasks/_close.html", task=task, form=form), 422
    services.complete(task, actor, form.result.data or "")
    db.session.commit()
    if request.headers.get("HX-Request"):
        return render_template("tasks/_done.html", task=task)
    flash(_("Task done."), "success")
    return redirect(safe_path(form.back.data) or "/")


@bp.post("/tasks/<int:id>/cancel")
@requires(Permission.WORK)
def cancel(id: int) -> ResponseReturnValue:
    actor = current_actor()
    task = queries.find(id, actor)
    services.cancel(task, actor, CancelForm().reason.data or "")
    db.session.commit()
    flash(_("Task cancelled."), "success")
    return redirect("/")


@bp.post("/tasks/<int:id>/put-off")
@requires(Permission.WORK)
def put_off(id: int) -> ResponseReturnValue:
    actor = current_actor()
    task = queries.find(id, actor)
    form = PutOffForm()
    if form.validate_on_submit():
        services.put_off(task, form.day, actor)
        db.session.commit()
        flash(_("Task put off to %(day)s.", day=str(task.due_on)), "success")
    else:
        flash(" ".join(map(str, form.due_on.errors)), "danger")
    return redirect(came_from() or "/")


@bp.post("/tasks/<int:id>/reassign")
@requires(Permission.WORK)
def reassign(id: int) -> ResponseReturnValue:
    actor = current_actor()
    task = queries.find(id, actor)
    form = ReassignForm()
    form.offer(list(possible_owners(task.branch_id)))
    owner = db.session.get(User, form.owner_id.data) if form.validate_on_submit() else None
    if owner is None:
        flash(_("Choose an active colleague of the same branch."), "danger")
        return redirect(came_from() or "/")
    services.reassign(task, owner, actor)
    db.session.commit()
    flash(_("Passed on to %(name)s.", name=owner.name), "success")
    return redirect("/")
