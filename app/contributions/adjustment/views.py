"""The drive of each year with its progress, and one employer's row in it."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.contributions.adjustment import queries, services
from app.contributions.adjustment.forms import DriveForm, FiguresForm, WindowForm
from app.contributions.adjustment.lists import LISTED
from app.contributions.adjustment.policy import Permission, bounds_of, figures_of, objections
from app.contributions.adjustment.workflow import ADJUSTMENT, load
from app.core.criteria.trees import rule, to_query
from app.core.db import db
from app.core.permissions import current_actor, requires
from app.core.workflow.engine import available, history

bp = Blueprint("adjustment", __name__, url_prefix="/adjustment")


@bp.context_processor
def _labels() -> dict[str, Any]:
    return {"adjustment_workflow": ADJUSTMENT}


@bp.get("")
@requires(Permission.VIEW)
def index() -> ResponseReturnValue:
    """The latest year, or the way to open the first."""
    drive = queries.latest()
    if drive is None:
        return render_template("adjustment/none.html")
    return redirect(url_for(".of_year", year=drive.year))


@bp.route("/<int:year>", methods=["GET", "POST"])
@requires(Permission.VIEW)
def of_year(year: int) -> ResponseReturnValue:
    """Tiles, progress by branch and specialist, and the list."""
    drives = queries.drives()
    drive = next((one for one in drives if one.year == year), None) or queries.find_drive(year)
    branches, owners = queries.progress(year, current_actor())
    return LISTED.respond(
        year, drive=drive, drives=drives, branches=branches, owners=owners, bounds=bounds_of(year),
        urls={state.name: _rows(year, state.name) for state in ADJUSTMENT.states}, rows_by=_rows_by,
    )  # fmt: skip


def _rows(year: int, state: str) -> str:
    return _address(year, rule("state", "in", [state]))


def _rows_by(year: int, name: str, id_: int | None) -> str:
    """The rows of a branch or an owner."""
    return _address(year, rule(name, "empty") if id_ is None else rule(name, "in", [str(id_)]))


def _address(year: int, one: dict[str, Any]) -> str:
    criteria: dict[str, Any] = dict(to_query({"match": "all", "rules": [one]}))
    return url_for(".of_year", year=year, **criteria)


@bp.route("/open", methods=["GET", "POST"])
@requires(Permission.OPEN)
def open_drive() -> ResponseReturnValue:
    form = DriveForm()
    if form.validate_on_submit():
        days: Any = (form.year.data, form.opens_on.data, form.closes_on.data, current_actor())
        drive = services.open_drive(*days)
        db.session.commit()
        flash(_("The adjustment of bases is open."), "success")
        return redirect(url_for(".of_year", year=drive.year), 303)
    if not form.is_submitted():
        form.prefill()
    page = render_template("adjustment/open.html", form=form)
    return page, 422 if form.is_submitted() else 200


@bp.route("/<int:year>/window", methods=["GET", "POST"])
@requires(Permission.OPEN)
def window(year: int) -> ResponseReturnValue:
    drive = queries.find_drive(year)
    form = WindowForm(obj=drive)
    if form.validate_on_submit():
        days: Any = (form.opens_on.data, form.closes_on.data)
        services.move_window(drive, *days)
        db.session.commit()
        flash(_("Saved."), "success")
        return redirect(url_for(".of_year", year=year), 303)
    page = render_template("adjustment/window.html", form=form, drive=drive)
    return page, 422 if form.is_submitted() else 200


@bp.get("/rows/<int:id>")
@requires(Permission.VIEW)
def show(id: int) -> str:
    """One employer: what it submitted, against floor and ceiling, and the steps."""
    actor = current_actor()
    row = load(id, actor)
    return render_template(
        "adjustment/show.html",
        row=row,
        bounds=bounds_of(row.drive.year),
        wrong=objections(row) if figures_of(row) else [],
        options=available(ADJUSTMENT, row, actor),
        history=history(ADJUSTMENT, row.id),
    )


@bp.route("/rows/<int:id>/submit", methods=["GET", "POST"])
@requires(Permission.WORK)
def submit(id: int) -> ResponseReturnValue:
    actor = current_actor()
    row = load(id, actor)
    form = FiguresForm()
    if form.validate_on_submit():
        on: Any = form.submitted_on.data
        services.submit(row, form.figures, on, actor)
        db.session.commit()
        flash(_("Done: %(state)s.", state=ADJUSTMENT.state_of(row).label), "success")
        return redirect(url_for(".show", id=id), 303)
    if not form.is_submitted():
        form.prefill(row)
    page = render_template("adjustment/submit.html", form=form, row=row, bounds=bounds_of(row.drive.year))
    return page, 422 if form.is_submitted() else 200
