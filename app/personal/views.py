"""How long personal data is kept: the rules, what is due, and when it was last done."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.core.db import db
from app.core.errors import DomainError
from app.core.jobs import enqueue
from app.core.permissions import requires
from app.personal import queries, services
from app.personal.forms import RuleForm
from app.personal.jobs import carry_out
from app.personal.policy import Permission

bp = Blueprint("personal", __name__, url_prefix="/settings/retention")


@bp.get("")
@requires(Permission.VIEW)
def rules() -> ResponseReturnValue:
    return render_template("personal/rules.html", rules=queries.standings())


@bp.route("/<code>", methods=["GET", "POST"])
@requires(Permission.EDIT)
def rule(code: str) -> ResponseReturnValue:
    """Sets one rule. What would go is counted with what is set now."""
    standing = queries.standing(queries.rule_named(code))
    form = RuleForm(obj=standing)
    if form.validate_on_submit():
        try:
            services.set_rule(standing.rule, form.months.data or 0, bool(form.enabled.data))
        except DomainError as refusal:
            form.months.errors = [refusal.message]
        else:
            db.session.commit()
            flash(_("Saved."), "success")
            return redirect(url_for(".rules"), 303)
    status = 422 if form.is_submitted() else 200
    return render_template("personal/rule.html", standing=standing, form=form), status


@bp.post("/<code>/run")
@requires(Permission.EDIT)
def run(code: str) -> ResponseReturnValue:
    """Carries the rule out now instead of at night, by a worker."""
    enqueue(carry_out, queries.rule_named(code).code)
    db.session.commit()
    flash(_("It is being carried out. Reload the page in a while to see how many records it was."), "success")
    return redirect(url_for(".rules"), 303)
