"""Claiming and giving back one lead, and who has how many."""

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.audit import services as audit
from app.core.clock import today
from app.core.db import db
from app.core.language.i18n import msgid
from app.core.permissions import current_actor, requires
from app.core.sheets.workbooks import MEDIA_TYPE, workbook_bytes
from app.employers.policy import Permission as Employers
from app.employers.queries import find, find_for_edit
from app.leads.policy import Permission
from app.leads.pool import queries, services
from app.leads.pool.forms import CapacityForm, GiveBackForm
from app.leads.pool.policy import CAPACITY, IDLE_DAYS, WARN_DAYS

blueprint = Blueprint("pool", __name__, url_prefix="/leads/pool")


@blueprint.get("")
@requires(Permission.VIEW)
def index() -> ResponseReturnValue:
    """Who has how many leads, and how many more they can take."""
    figures = {"usual": CAPACITY.value(), "idle": IDLE_DAYS.value(), "warn": WARN_DAYS.value()}
    return render_template("leads/pool.html", loads=queries.loads(current_actor()), **figures)


@blueprint.get("/workbook")
@requires(Employers.EXPORT)
def workbook() -> ResponseReturnValue:
    """The same figures as a workbook."""
    header = [
        _("Specialist"), _("Leads held"), _("At most"), _("Free places"), _("Registration overdue"),
        _("Lying for half the time"),
    ]  # fmt: skip
    rows = [
        [one.user.name, one.held, one.capacity, one.free, one.overdue, one.lying]
        for one in queries.loads(current_actor())
    ]
    title = _("Leads per specialist")
    content = workbook_bytes(title, header, rows)
    audit.record_now(msgid("Leads per specialist exported"), name=title)
    name = f"{title}_{today()}.xlsx"
    return send_file(content, mimetype=MEDIA_TYPE, as_attachment=True, download_name=name)


@blueprint.post("/<int:employer_id>/claim")
@requires(Permission.CLAIM)
def claim(employer_id: int) -> ResponseReturnValue:
    actor = current_actor()
    services.claim(find_for_edit(employer_id, actor), actor)
    db.session.commit()
    flash(_("The lead is yours."), "success")
    return redirect(url_for("employers.show", employer_id=employer_id), 303)


@blueprint.route("/<int:employer_id>/give-back", methods=["GET", "POST"])
@requires(Permission.CLAIM)
def give_back(employer_id: int) -> ResponseReturnValue:
    """One's own lead goes back to the pool, with a reason."""
    actor = current_actor()
    employer = (find_for_edit if request.method == "POST" else find)(employer_id, actor)
    form = GiveBackForm()
    if form.validate_on_submit():
        services.give_back(employer, form.reason.data or "", actor)
        db.session.commit()
        flash(_("The lead is back in the pool."), "success")
        return redirect(url_for("employers.show", employer_id=employer_id), 303)
    status = 422 if form.is_submitted() else 200
    title = _("Give the lead back to the pool")
    back = url_for("employers.show", employer_id=employer_id)
    return render_template("leads/form.html", form=form, employer=employer, title=title, back=back), status


@blueprint.route("/capacity/<int:user_id>", methods=["GET", "POST"])
@requires(Permission.CAPACITY)
def capacity(user_id: int) -> ResponseReturnValue:
    """How many leads a colleague has at most."""
    user = queries.colleague(user_id, current_actor())
    form = CapacityForm(data={"capacity": queries.capacity_of(user.id)})
    if form.validate_on_submit():
        services.set_capacity(user, form.capacity.data)
        db.session.commit()
        flash(_("Saved."), "success")
        return redirect(url_for(".index"), 303)
    status = 422 if form.is_submitted() else 200
    title = _("Leads of %(name)s at most", name=user.name)
    back = url_for(".index")
    return render_template("leads/form.html", form=form, employer=None, title=title, back=back), status
