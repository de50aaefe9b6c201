"""Handing over when somebody rotates, and the record of it."""

from itertools import groupby

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts.models import User
from app.accounts.queries import user as find_user
from app.accounts.queries import users
from app.core.db import db
from app.core.features import current_features
from app.core.permissions import current_actor, may, requires
from app.tasks.rotation import queries, services
from app.tasks.rotation.forms import HandOverForm
from app.tasks.rotation.lists import HANDOVERS, state
from app.tasks.rotation.policy import Permission

blueprint = Blueprint("rotation", __name__, url_prefix="/handovers")


@blueprint.route("", methods=["GET", "POST"])
@requires(Permission.VIEW)
def index() -> ResponseReturnValue:
    return HANDOVERS.respond()


@blueprint.route("/new", methods=["GET", "POST"])
@requires(Permission.MAKE)
def new() -> ResponseReturnValue:
    """First whose matters, then what there is of them and to whom."""
    actor = current_actor()
    user_id = request.args.get("user_id", type=int)
    if user_id is None:
        people = db.session.scalars(users(actor).order_by(User.name, User.id)).unique().all()
        return render_template("tasks/rotation/choose.html", people=people)
    giver = find_user(actor, user_id)
    found = queries.everything(giver.id)
    form = HandOverForm()
    form.offer(queries.receivers(giver), [(m.name, m.label) for m, _rows in found])
    if request.method == "GET":
        form.matters.data = [matter.name for matter, _rows in found]
    if form.validate_on_submit():
        receiver = db.session.get_one(User, form.to_id.data)
        names = form.matters.data or []
        made = services.hand_over(giver, receiver, names, form.reason.data or "", actor)
        db.session.commit()
        flash(_("Handed over: %(name)s is asked to confirm.", name=receiver.name), "success")
        return redirect(url_for(".show", id=made.id))
    status = 422 if form.is_submitted() else 200
    return render_template("tasks/rotation/new.html", giver=giver, found=found, form=form), status


@blueprint.get("/<int:id>")
@requires(Permission.VIEW)
def show(id: int) -> str:
    actor = current_actor()
    made = queries.find(id, actor)
    known = current_features().matters
    grouped = [
        (known[name].label if name in known else name, list(rows))
        for name, rows in groupby(made.items, lambda item: item.matter)
    ]
    return render_template(
        "tasks/rotation/show.html",
        made=made,
        state=state(made),
        groups=grouped,
        may_confirm=actor.id == made.to_id and not made.confirmed_at and not made.undone_at,
        may_undo=may(actor, Permission.MAKE) and not made.undone_at,
    )


@blueprint.post("/<int:id>/confirm")
@requires(Permission.VIEW)
def confirm(id: int) -> ResponseReturnValue:
    actor = current_actor()
    services.confirm(queries.find(id, actor), actor)
    db.session.commit()
    flash(_("Hand-over confirmed."), "success")
    return redirect(url_for(".show", id=id))


@blueprint.post("/<int:id>/undo")
@requires(Permission.MAKE)
def undo(id: int) -> ResponseReturnValue:
    actor = current_actor()
    number = services.undo(queries.find(id, actor), actor)
    db.session.commit()
    flash(_("Hand-over undone: %(count)s matters went back.", count=number), "success")
    return redirect(url_for(".show", id=id))
