"""The calculator of contributions, and the plans that were kept."""

from decimal import Decimal

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.core.db import db
from app.core.permissions import current_actor, requires
from app.core.rules.rates import Group, bounds
from app.employers.queries import find as find_employer
from app.outreach.plans import queries, services
from app.outreach.plans.forms import LINES, PlanForm
from app.outreach.policy import Permission

blueprint = Blueprint("plans", __name__, url_prefix="/plans")


@blueprint.route("/at/<int:employer_id>", methods=["GET", "POST"])
@requires(Permission.LOG)
def new(employer_id: int) -> ResponseReturnValue:
    """Works a plan out and keeps it."""
    actor = current_actor()
    employer = find_employer(employer_id, actor)
    form = PlanForm()
    if form.validate_on_submit():
        plan = services.save_plan(employer, form.groups, *form.rates, form.note.data or "", actor)
        db.session.commit()
        flash(_("The plan is kept."), "success")
        return redirect(url_for(".show", id=plan.id), 303)
    if not form.is_submitted():
        form.prefill(employer)
    page = render_template(
        "outreach/plans/new.html",
        form=form,
        employer=employer,
        lines=range(1, LINES + 1),
        bounds=bounds(),
        plans=queries.plans_of(employer_id, limit=20),
    )
    return page, 422 if form.is_submitted() else 200


@blueprint.post("/at/<int:employer_id>/reckon")
@requires(Permission.LOG)
def reckon(employer_id: int) -> str:
    """What the plan would cost, while it is filled in; nothing is kept."""
    find_employer(employer_id, current_actor())
    form = PlanForm()
    cost = services.work_out(form.groups, *form.rates)[0] if form.validate_on_submit() else None
    wrong = [] if cost else [one for field in form if field.raw_data for one in field.errors]
    return render_template("outreach/plans/_cost.html", cost=cost, wrong=list(dict.fromkeys(wrong)))


@blueprint.get("/<int:id>")
@requires(Permission.VIEW)
def show(id: int) -> str:
    """One plan as a sheet to print, and in one sentence to send."""
    plan = queries.find(id, current_actor())
    groups = [Group(int(one["heads"]), Decimal(str(one["wage"]))) for one in plan.groups]
    until = queries.valid_until(plan)
    return render_template(
        "outreach/plans/show.html", plan=plan, groups=groups, until=until, overtaken=queries.overtaken(plan)
    )
