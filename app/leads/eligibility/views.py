"""What is unclear, the decision, and the rules."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.core.clock import today
from app.core.db import db
from app.core.jobs import enqueue
from app.core.permissions import current_actor, requires
from app.employers.queries import find, find_for_edit
from app.leads.eligibility import queries, services
from app.leads.eligibility.forms import RuleForm
from app.leads.eligibility.jobs import judge_all
from app.leads.eligibility.lists import ELIGIBILITY, DecisionForm
from app.leads.eligibility.models import SIGN_LABELS, VERDICT_LABELS, EligibilityRule
from app.leads.eligibility.policy import in_force
from app.leads.policy import Permission

blueprint = Blueprint("eligibility", __name__, url_prefix="/leads/eligibility")


@blueprint.route("", methods=["GET", "POST"])
@requires(Permission.VIEW)
def index() -> ResponseReturnValue:
    return ELIGIBILITY.respond()


@blueprint.route("/<int:employer_id>", methods=["GET", "POST"])
@requires(Permission.CLAIM)
def decide(employer_id: int) -> ResponseReturnValue:
    """A person's decision about one firm."""
    actor = current_actor()
    employer = (find_for_edit if request.method == "POST" else find)(employer_id, actor)
    form = DecisionForm()
    if form.validate_on_submit():
        services.decide(employer, form.verdict.data, form.reason.data or "", actor)
        db.session.commit()
        flash(_("Decided."), "success")
        return redirect(url_for(".index"), 303)
    status = 422 if form.is_submitted() else 200
    page = {"title": _("Must it contribute?"), "back": url_for("employers.show", employer_id=employer_id)}
    return render_template("leads/form.html", form=form, employer=employer, **page), status


@blueprint.get("/rules")
@requires(Permission.VIEW)
def rules() -> ResponseReturnValue:
    """The rules in the order in which they are tried."""
    day = today()
    found = [(rule, in_force(rule, day)) for rule in queries.rules()]
    return render_template("leads/rules.html", rules=found, signs=SIGN_LABELS, verdicts=VERDICT_LABELS)


@blueprint.route("/rules/new", methods=["GET", "POST"])
@requires(Permission.RULES)
def new_rule() -> ResponseReturnValue:
    rule = EligibilityRule(reason="")
    return _rule_form(rule, RuleForm(), _("New rule"))


@blueprint.route("/rules/<int:rule_id>", methods=["GET", "POST"])
@requires(Permission.RULES)
def edit_rule(rule_id: int) -> ResponseReturnValue:
    """Corrects a rule, or ends it."""
    rule = queries.rule(rule_id)
    form = RuleForm(obj=rule)
    form.show(rule)
    return _rule_form(rule, form, _("Correct a rule"))


def _rule_form(rule: EligibilityRule, form: RuleForm, title: str) -> ResponseReturnValue:
    if form.validate_on_submit():
        services.keep_rule(rule, form.values(rule))
        enqueue(judge_all)
        db.session.commit()
        flash(_("Saved. The firms are judged anew."), "success")
        return redirect(url_for(".rules"), 303)
    status = 422 if form.is_submitted() else 200
    page = {"title": title, "back": url_for(".rules"), "employer": None}
    return render_template("leads/form.html", form=form, **page), status
