"""The pages of recurring rules and of the greeting calendar."""

from typing import cast

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.accounts.queries import SignedIn
from app.core.clock import today
from app.core.db import db
from app.core.errors import DomainError
from app.core.forms import refusals
from app.core.permissions import requires
from campaigns.channels.letter.queries import current_version
from campaigns.channels.letter.queries import offered as outlines
from campaigns.drafting.queries import criteria_sentence
from campaigns.recurring import queries, services
from campaigns.recurring.forms import DayForm, RuleApprovalForm, RuleForm
from campaigns.recurring.models import Rule
from campaigns.recurring.policy import OUTCOMES, TRIGGERS, Permission, approval_faults, approval_stands, seal

blueprint = Blueprint("recurring", __name__, url_prefix="/campaigns/rules")


def _reader() -> SignedIn:
    return cast(SignedIn, current_user._get_current_object())


def _show(rule_id: int) -> ResponseReturnValue:
    return redirect(url_for(".show", id=rule_id), 303)


@blueprint.get("")
@requires(Permission.VIEW)
def index() -> str:
    """Every rule in reach, with what it did last; the greeting calendar."""
    rules = queries.listed(_reader())
    return render_template(
        "campaigns/recurring/index.html",
        rules=rules,
        runs=queries.last_runs(_reader()),
        triggers=TRIGGERS,
        outcomes=OUTCOMES,
        stands={rule.id: approval_stands(rule) for rule in rules},
        days=queries.greeting_days(today()),
        day_form=DayForm(formdata=None),
    )


@blueprint.get("/<int:id>")
@requires(Permission.VIEW)
def show(id: int) -> str:
    """One rule: what it says, what each run did, and what it will do next."""
    rule = queries.find(id, _reader())
    return render_template(
        "campaigns/recurring/show.html",
        rule=rule,
        trigger=TRIGGERS[rule.trigger],
        outcomes=OUTCOMES,
        criteria=criteria_sentence(rule.criteria, rule.owner) if rule.segment_id else None,
        runs=queries.runs_of(rule),
        waiting=queries.waiting_count(rule, today()),
        next_day=queries.festivals(today()).get(rule.festival) if rule.festival else None,
        stands=approval_stands(rule),
        approval=RuleApprovalForm(formdata=None, seen=seal(rule)),
        faults=approval_faults(rule, _reader()),
    )


@blueprint.route("/new", methods=["GET", "POST"])
@requires(Permission.WRITE)
def new() -> ResponseReturnValue:
    """`outline` in the address: a rule that sends the letters of that wording."""
    chosen = request.args.get("outline", type=int)
    return _write(RuleForm.of(_reader(), today(), None, queries.outline(chosen) if chosen else None))


@blueprint.get("/new/letter")
@requires(Permission.WRITE)
def choose_outline() -> str:
    """Which letter the rule sends."""
    found = [(one, current_version(one)) for one in outlines()]
    return render_template("campaigns/recurring/outlines.html", outlines=found)


@blueprint.route("/<int:id>/edit", methods=["GET", "POST"])
@requires(Permission.WRITE)
def edit(id: int) -> ResponseReturnValue:
    rule = queries.find(id, _reader())
    held = rule.letter_version and (current_version(rule.letter_version.template) or rule.letter_version)
    return _write(RuleForm.of(_reader(), today(), rule, held), rule)


def _write(form: RuleForm, rule: Rule | None = None) -> ResponseReturnValue:
    if form.validate_on_submit():
        try:
            wish = form.wish(_reader(), rule)
            kept = rule or services.write(wish, _reader(), _reader().branch)
            if rule is not None:
                services.change(rule, wish, _reader())
        except DomainError as refusal:
            refusals.take_back(form, refusal)
        else:
            db.session.commit()
            return _show(kept.id)
    form.choose(request.args.get("trigger"), request.args.get("version", type=int))
    page = render_template("campaigns/recurring/form.html", form=form, rule=rule)
    return page, 422 if form.is_submitted() else 200


@blueprint.post("/<int:id>/approve")
@requires(Permission.APPROVE)
def approve(id: int) -> ResponseReturnValue:
    """Runs launch by themselves from now on."""
    services.approve(queries.find(id, _reader(), lock=True), _reader(), request.form.get("seen", ""))
    db.session.commit()
    flash(_("Approved: its runs launch by themselves, within these limits."), "success")
    return _show(id)


@blueprint.post("/<int:id>/withdraw")
@requires(Permission.APPROVE)
def withdraw(id: int) -> ResponseReturnValue:
    services.withdraw(queries.find(id, _reader(), lock=True))
    db.session.commit()
    flash(_("Its runs only draft again."), "success")
    return _show(id)


@blueprint.post("/<int:id>/pause")
@requires(Permission.WRITE)
def pause(id: int) -> ResponseReturnValue:
    """Pause, or go on."""
    rule = queries.find(id, _reader(), lock=True)
    services.pause(rule, not rule.paused)
    db.session.commit()
    return _show(id)


@blueprint.post("/calendar")
@requires(Permission.WRITE)
def enter_day() -> ResponseReturnValue:
    """A festival's day of a coming year."""
    form = DayForm()
    if not form.validate_on_submit():
        raise DomainError(_("Give the festival's name and a day to come."))
    services.enter_day(form["name"].data or "", form["day"].data)
    db.session.commit()
    return redirect(url_for(".index", _anchor="calendar"), 303)


@blueprint.post("/calendar/remove")
@requires(Permission.WRITE)
def remove_day() -> ResponseReturnValue:
    services.remove_day(request.form.get("day", 0, type=int))
    db.session.commit()
    return redirect(url_for(".index", _anchor="calendar"), 303)
