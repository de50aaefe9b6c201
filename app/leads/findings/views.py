"""Entering what was found out about a firm."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.core.db import db
from app.core.permissions import current_actor, requires
from app.employers.queries import find
from app.leads.findings import services
from app.leads.findings.forms import FindingForm
from app.leads.policy import Permission

blueprint = Blueprint("findings", __name__, url_prefix="/leads/findings")


@blueprint.route("/<int:employer_id>", methods=["GET", "POST"])
@requires(Permission.CLAIM)
def add(employer_id: int) -> ResponseReturnValue:
    actor = current_actor()
    employer = find(employer_id, actor)
    form = FindingForm()
    back = url_for("employers.show", employer_id=employer_id)
    if form.validate_on_submit():
        services.note(employer, form.values, actor)
        db.session.commit()
        flash(_("Noted."), "success")
        return redirect(back, 303)
    status = 422 if form.is_submitted() else 200
    title = _("Note what was found out")
    return render_template("leads/form.html", form=form, employer=employer, title=title, back=back), status
