"""Who answers for an employer's unpaid months, and for whose it answers."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.core.db import db
from app.core.permissions import current_actor, requires
from app.employers.queries import find as find_employer
from app.lifecycle.liability import queries, services
from app.lifecycle.liability.forms import AgreeForm, PaidForm
from app.lifecycle.liability.policy import Permission

blueprint = Blueprint("liability", __name__, url_prefix="/liability")


@blueprint.route("/<int:employer_id>", methods=["GET"])
@requires(Permission.VIEW)
def show(employer_id: int) -> ResponseReturnValue:
    return _page(employer_id)


@blueprint.post("/<int:employer_id>")
@requires(Permission.EDIT)
def agree(employer_id: int) -> ResponseReturnValue:
    actor = current_actor()
    employer = find_employer(employer_id, actor)
    form = AgreeForm()
    form.offer(employer, actor)
    if not form.validate_on_submit():
        return _page(employer_id, form)
    day: Any = form.on.data
    services.agree(employer, form.successor_id.data, form.share, day, form.proof.data or "", actor)
    db.session.commit()
    flash(_("Saved."), "success")
    return redirect(url_for(".show", employer_id=employer_id), 303)


def _page(employer_id: int, refused: AgreeForm | None = None) -> ResponseReturnValue:
    actor = current_actor()
    employer = find_employer(employer_id, actor)
    form = refused or AgreeForm(formdata=None)
    page = render_template(
        "lifecycle/liability/show.html",
        employer=employer,
        liabilities=queries.of_employer(employer_id, actor),
        answerable=form.offer(employer, actor),
        form=form,
    )
    return page, 422 if refused else 200


@blueprint.get("/shares/<int:liability_id>")
@requires(Permission.VIEW)
def share(liability_id: int) -> str:
    """One share: what was agreed, whether it was paid, and the papers of both."""
    return render_template("lifecycle/liability/share.html", one=queries.find(liability_id, current_actor()))


@blueprint.route("/shares/<int:liability_id>/paid", methods=["GET", "POST"])
@requires(Permission.EDIT)
def paid(liability_id: int) -> ResponseReturnValue:
    """The successor has paid its share, with the proof."""
    actor = current_actor()
    made = queries.find(liability_id, actor)
    form = PaidForm()
    if form.validate_on_submit():
        day: Any = form.on.data
        services.settle_share(made, day, form.proof.data or "", actor)
        db.session.commit()
        flash(_("Saved."), "success")
        return redirect(url_for(".show", employer_id=made.debtor_id), 303)
    page = render_template("lifecycle/liability/paid.html", form=form, made=made)
    return page, 422 if form.is_submitted() else 200


@blueprint.post("/shares/<int:liability_id>/remove")
@requires(Permission.EDIT)
def remove(liability_id: int) -> ResponseReturnValue:
    made = queries.find(liability_id, current_actor())
    debtor_id = made.debtor_id
    services.remove(made, current_actor())
    db.session.commit()
    flash(_("Taken off the record."), "success")
    return redirect(url_for(".show", employer_id=debtor_id), 303)
