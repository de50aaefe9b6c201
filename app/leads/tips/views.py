"""Entering a tip or a referral, of a firm known or new."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.core.clock import today
from app.core.db import db
from app.core.permissions import current_actor, requires
from app.employers.models import Employer
from app.employers.queries import find
from app.leads.ledger.policy import STAGES
from app.leads.policy import Permission
from app.leads.tips import services
from app.leads.tips.forms import NamedForm, TipForm

blueprint = Blueprint("tips", __name__, url_prefix="/leads/tips")


@blueprint.route("/new", methods=["GET", "POST"])
@requires(Permission.CLAIM)
def new() -> ResponseReturnValue:
    """A firm that may be new; one that is known learns of the source."""
    form = TipForm()
    if form.validate_on_submit():
        actor = current_actor()
        employer = services.tell(form.firm, _word(form), actor, despite_name=form.despite_name.data)
        db.session.commit()
        return _told(employer)
    return _page(form, None, _("Enter a tip or referral"), url_for("leads.index"))


@blueprint.route("/<int:employer_id>", methods=["GET", "POST"])
@requires(Permission.CLAIM)
def add(employer_id: int) -> ResponseReturnValue:
    """Another source of a firm that is known."""
    actor = current_actor()
    employer = find(employer_id, actor)
    form = NamedForm()
    if form.validate_on_submit():
        services.add_word(employer, _word(form), actor)
        db.session.commit()
        return _told(employer)
    back = url_for("employers.show", employer_id=employer_id)
    return _page(form, employer, _("Add a tip or referral"), back)


def _word(form: NamedForm) -> services.Word:
    return services.Word(form.source.data, form.told_by.data or "", form.as_of.data or today(), form.said)


def _told(employer: Employer) -> ResponseReturnValue:
    if employer.stage in STAGES:
        flash(_("The source is noted."), "success")
    else:
        flash(_("The source is noted. This employer is no lead: its account was opened already."), "info")
    return redirect(url_for("employers.show", employer_id=employer.id), 303)


def _page(form: NamedForm, employer: Employer | None, title: str, back: str) -> ResponseReturnValue:
    status = 422 if form.is_submitted() else 200
    return render_template("leads/form.html", form=form, employer=employer, title=title, back=back), status
