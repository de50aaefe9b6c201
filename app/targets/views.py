"""The dashboard and the table of targets."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.core.clock import today
from app.core.db import db
from app.core.language.formats import period as show_period
from app.core.periods import Period
from app.core.permissions import Actor, current_actor, requires
from app.core.web.charts import Chart, Point, Series, bar_chart, row_chart
from app.targets.forms import input_name, read_month, read_targets
from app.targets.policy import Permission
from app.targets.queries import Dashboard, Line, aimed_kpis, dashboard, trend
from app.targets.services import set_targets

blueprint = Blueprint("targets", __name__, url_prefix="/dashboard")


@blueprint.get("")
@requires(Permission.VIEW)
def show() -> str:
    """The month's figures, by branch and by specialist, each leading to its employers."""
    actor = current_actor()
    month = read_month(request.args.get("month"))
    board = dashboard(month, actor)
    return render_template(
        "targets/dashboard.html",
        board=board,
        charts=[*_target_charts(board), _trend_chart(month, actor)],
        before=month + -1,
        after=month + 1 if month < Period.of(today()) else None,
    )


@blueprint.get("/targets")
@requires(Permission.SET)
def edit() -> str:
    month = read_month(request.args.get("month"))
    return _targets_page(month)


@blueprint.post("/targets")
@requires(Permission.SET)
def save() -> ResponseReturnValue:
    month = read_month(request.args.get("month"))
    changed = set_targets(month, read_targets(request.form), current_actor())
    db.session.commit()
    flash(
        _("Targets of %(month)s saved: %(number)s changed.", month=show_period(month), number=changed),
        "success",
    )
    return redirect(url_for("targets.show", month=str(month)))


def _targets_page(month: Period) -> str:
    board = dashboard(month, current_actor())
    return render_template("targets/edit.html", board=board, kpis=aimed_kpis(), input_name=input_name)


def _target_charts(board: Dashboard) -> list[Chart]:
    """For each KPI with targets: reached and target, a pair of bars for each branch and specialist."""
    lines = [*board.branches, *board.specialists]
    return [_target_chart(str(board.totals[i].kpi.label), i, lines) for i in board.aimed]


def _target_chart(title: str, position: int, lines: list[Line]) -> Chart:
    figures = [line.figures[position] for line in lines]
    return row_chart(
        title,
        [line.name for line in lines],
        [
            Series(_("Reached"), [Point(figure.reached, figure.url) for figure in figures]),
            Series(_("Target"), [Point(figure.target, figure.url) for figure in figures]),
        ],
    )


def _trend_chart(month: Period, actor: Actor) -> Chart:
    kpi = aimed_kpis()[0]
    months = trend(kpi, month, actor)
    return bar_chart(
        _("%(figure)s, last twelve months", figure=kpi.label),
        [str(one)[2:4] + "-" + str(one)[4:] for one, _number, _url in months],
        [Series(str(kpi.label), [Point(number, url) for _one, number, url in months])],
    )
