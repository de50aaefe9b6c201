"""The register of relief: its list, its figures, and the page of one decision with its make-up plan."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.core.clock import today
from app.core.criteria.trees import rule, to_query
from app.core.db import db
from app.core.periods import Period
from app.core.permissions import current_actor, requires
from app.core.rules.legal import find
from app.core.workflow.acts import allowed, demand
from app.core.workflow.engine import available, history
from app.relief import queries
from app.relief.forms import FiguresForm, PlanForm
from app.relief.lists import REGISTER
from app.relief.making_up.services import plan_instalments
from app.relief.models import INSTALMENT_LABELS, INSTALMENT_TONES, KIND_LABELS, ReliefKind, ReliefState
from app.relief.policy import Permission
from app.relief.queries import Figure, Span
from app.relief.workflow import OVER, PLAN, RELIEF_TERM, load
from app.tasks.queries import tasks_of

bp = Blueprint("relief_register", __name__, url_prefix="/relief")


@bp.context_processor
def _labels() -> dict[str, Any]:
    return {"kinds": KIND_LABELS, "instalments": INSTALMENT_LABELS, "tones": INSTALMENT_TONES}


@bp.route("", methods=["GET", "POST"])
@requires(Permission.VIEW)
def index() -> ResponseReturnValue:
    return REGISTER.respond()


@bp.get("/figures")
@requires(Permission.VIEW)
def figures() -> str:
    """Employers, employees and amount by kind and span, as of a month; decisions lead to their rows."""
    form = FiguresForm(request.args, meta={"csrf": False})
    form.validate()
    last = form.last.data or Period.of(today())
    spans = [
        Span(_("From the beginning"), None, last),
        Span(_("This year"), Period(last.year, 1), last),
        Span(_("In force in this month"), last, last),
    ]
    if form.first.data:
        spans.insert(0, Span(_("From the month asked for"), form.first.data, last))
    totals = queries.figures(spans, current_actor())
    return render_template("relief/figures.html", form=form, last=last, totals=totals, rows=_rows)


@bp.get("/<int:id>")
@requires(Permission.VIEW)
def show(id: int) -> str:
    """One decision: its months, what follows, the make-up plan, tasks, files and history."""
    actor = current_actor()
    decision = load(id, actor)
    return render_template(
        "relief/show.html",
        decision=decision,
        workflow=RELIEF_TERM,
        options=available(RELIEF_TERM, decision, actor),
        plannable=decision.kind is ReliefKind.DEFERMENT and allowed(decision, PLAN.name, actor),
        renewable=decision.state.value in ("running", *OVER),
        tasks=[one for one in tasks_of(decision.employer_id, actor) if one.source_type in _SOURCES],
        history=history(RELIEF_TERM, decision.id),
    )


_SOURCES = (RELIEF_TERM.name, "relief_instalment")


@bp.route("/<int:id>/plan", methods=["GET", "POST"])
@requires(Permission.APPLY)
def plan(id: int) -> ResponseReturnValue:
    """The make-up plan: equal parts are proposed, months and amounts can be changed."""
    actor = current_actor()
    decision = load(id, actor)
    demand(decision, PLAN.name, actor)
    form = PlanForm()
    if not form.is_submitted():
        form.propose(decision, request.args.get("parts", type=int), Period.of(today()))
    if form.validate_on_submit():
        plan_instalments(decision, form.instalments, actor)
        db.session.commit()
        flash(_("Saved."), "success")
        return redirect(url_for(".show", id=id))
    status = 422 if form.is_submitted() else 200
    return render_template("relief/plan.html", form=form, decision=decision), status


@bp.get("/<int:id>/notice")
@requires(Permission.VIEW)
def notice(id: int) -> str:
    """The letter that reminds the employer of the end, and says what it may choose; to be printed."""
    decision = load(id, current_actor())
    return render_template("relief/notice.html", decision=decision, basis=find("relief"), today=today())


def _rows(span: Span, figure: Figure) -> str:
    """The register's list with the rows behind a figure."""
    rules = [rule("kind", "in", [figure.kind.value]), rule("from_month", "le", str(span.last))]
    rules.append(rule("state", "not_in", [ReliefState.WITHDRAWN.value]))
    if span.first is not None:
        rules.append(rule("last_month", "ge", str(span.first)))
    arguments: dict[str, Any] = to_query({"match": "all", "rules": rules})
    return url_for("relief_register.index", **arguments)
