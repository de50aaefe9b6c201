"""The pages of the calendar, of the legal basis and of the code tables."""

from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.core.clock import today
from app.core.code_tables import TABLES, CodeValue
from app.core.db import db
from app.core.errors import DomainError, NotFound
from app.core.features import current_features
from app.core.options import forget_values
from app.core.permissions import current_actor, requires
from app.core.rules import workdays
from app.settings import lists, queries, services
from app.settings.code_use.queries import uses
from app.settings.forms import (
    ChangeCodeForm,
    CorrectionForm,
    DayForm,
    NewCodeForm,
    OptionsForm,
    VersionForm,
    YearForm,
    options_form,
)
from app.settings.policy import Permission, demand_all, sets_figures

bp = Blueprint("settings", __name__, url_prefix="/settings")


@bp.get("/working-days")
@requires(Permission.VIEW)
def working_days() -> ResponseReturnValue:
    """A year's calendar; a year that nobody entered says so."""
    asked = request.args.get("year", type=int) or today().year
    years = queries.years()
    year = asked if asked in dict(years) else today().year
    months = queries.months(year) if dict(years)[year] else []
    return render_template("settings/working_days.html", year=year, years=years, months=months, today=today())


@bp.route("/working-days/<day>", methods=["GET", "POST"])
@requires(Permission.EDIT)
def working_day(day: str) -> ResponseReturnValue:
    """Makes one day worked or off, with the reason."""
    when = _day(day)
    form = DayForm()
    if form.validate_on_submit():
        services.set_day(when, form.working.data == "1", form.why.data or "")
        db.session.commit()
        flash(_("Saved."), "success")
        return redirect(url_for(".working_days", year=when.year), 303)
    now = workdays.is_working_day(when)
    if not form.is_submitted():
        form.working.data = "0" if now else "1"
    page = render_template("settings/working_day.html", form=form, day=when, working=now)
    return page, 422 if form.is_submitted() else 200


@bp.route("/working-days/years/<int:year>", methods=["GET", "POST"])
@requires(Permission.EDIT)
def new_year(year: int) -> ResponseReturnValue:
    """Enters a year as the State Council announced it."""
    form = YearForm()
    if form.validate_on_submit():
        services.enter_year(year, form.off.data, form.worked.data, form.why.data or "")
        db.session.commit()
        flash(_("The calendar of %(year)s is entered.", year=year), "success")
        return redirect(url_for(".working_days", year=year), 303)
    status = 422 if form.is_submitted() else 200
    return render_template("settings/new_year.html", form=form, year=year), status


@bp.get("/options")
@requires(Permission.VIEW)
def options() -> ResponseReturnValue:
    """The figures that the department sets for itself."""
    return _options_page(_options_form())


@bp.post("/options")
@requires(Permission.FIGURES)
def set_options() -> ResponseReturnValue:
    demand_all(current_actor())
    form = _options_form()
    if not form.validate_on_submit():
        return _options_page(form), 422
    try:
        reckoned = services.set_options(form.values, form.valid_from.data, form.why.data or "")
    except DomainError as error:
        return _refused(form, error), 422
    told = [str(sentence) for sentence in reckoned]
    db.session.commit()
    flash({"message": _("Saved."), "reasons": told}, "warning" if told else "success")  # type: ignore[arg-type]
    return redirect(url_for(".options"), 303)


@bp.post("/options/<name>/<day>/take-back")
@requires(Permission.FIGURES)
def take_back_option(name: str, day: str) -> ResponseReturnValue:
    """A value announced for a later day is dropped."""
    demand_all(current_actor())
    option = current_features().options.get(name)
    if option is None:
        raise NotFound(_("There is no such setting."))
    services.take_back_option(option, _day(day))
    db.session.commit()
    flash(_("Taken back."), "success")
    return redirect(url_for(".options"), 303)


def _refused(form: OptionsForm, error: DomainError) -> str:
    """The page with what was entered, so that one figure of many can be mended."""
    db.session.rollback()
    forget_values()
    flash({"message": error.message, "reasons": [str(one) for one in error.reasons]}, "danger")  # type: ignore[arg-type]
    return _options_page(form)


def _options_form() -> OptionsForm:
    return options_form(current_features().options.values(), request.form.keys())


def _options_page(form: OptionsForm) -> str:
    return render_template(
        "settings/options.html",
        form=form,
        dated=queries.dated_options(),
        settable=sets_figures(current_actor()),
    )


@bp.route("/legal-basis", methods=["GET", "POST"])
@requires(Permission.VIEW)
def legal_bases() -> ResponseReturnValue:
    return lists.LEGAL_BASIS.respond()


@bp.get("/legal-basis/<int:basis_id>")
@requires(Permission.VIEW)
def legal_basis(basis_id: int) -> ResponseReturnValue:
    """One article: its wording and every version of it."""
    found = queries.legal_basis(basis_id)
    versions = [(one, lists.state_of(one)) for one in queries.versions(found.code)]
    return render_template(
        "settings/legal_basis.html", basis=found, state=lists.state_of(found), versions=versions
    )


@bp.route("/legal-basis/<int:basis_id>/correct", methods=["GET", "POST"])
@requires(Permission.EDIT)
def correct(basis_id: int) -> ResponseReturnValue:
    """Corrects and confirms a wording that was not confirmed yet."""
    found = queries.legal_basis(basis_id)
    form = CorrectionForm(obj=found)
    if form.validate_on_submit():
        services.correct(found, form.values)
        db.session.commit()
        flash(_("Saved."), "success")
        return redirect(url_for(".legal_basis", basis_id=basis_id), 303)
    status = 422 if form.is_submitted() else 200
    title = _("Confirm the wording")
    return render_template("settings/legal_form.html", form=form, basis=found, title=title), status


@bp.route("/legal-basis/<int:basis_id>/versions", methods=["GET", "POST"])
@requires(Permission.EDIT)
def new_version(basis_id: int) -> ResponseReturnValue:
    """Enters the article as it stands from a day on."""
    found = queries.legal_basis(basis_id)
    form = VersionForm(data={"law": found.law, "article": found.article, "quote": found.quote})
    if form.validate_on_submit():
        made = services.add_version(found, form.values)
        db.session.commit()
        flash(_("The new version is entered."), "success")
        return redirect(url_for(".legal_basis", basis_id=made.id), 303)
    status = 422 if form.is_submitted() else 200
    title = _("New version")
    return render_template("settings/legal_form.html", form=form, basis=found, title=title), status


@bp.get("/codes")
@requires(Permission.VIEW)
def codes() -> ResponseReturnValue:
    """The code tables, one at a time."""
    table = request.args.get("table") or next(iter(TABLES))
    lines = queries.code_lines(table)
    return render_template("settings/codes.html", tables=TABLES, table=table, lines=lines)


@bp.route("/codes/<table>/new", methods=["GET", "POST"])
@requires(Permission.EDIT)
def new_code(table: str) -> ResponseReturnValue:
    """Enters a code."""
    lines = queries.code_lines(table)
    form = NewCodeForm(data={"sort": max((line.value.sort for line in lines), default=0) + 10})
    form.offer(table, None)
    if form.validate_on_submit():
        services.add_code(table, form.values)
        db.session.commit()
        flash(_("The code is entered."), "success")
        return redirect(url_for(".codes", table=table), 303)
    status = 422 if form.is_submitted() else 200
    return _code_form(form, table, _("New code")), status


@bp.route("/codes/<int:code_id>", methods=["GET", "POST"])
@requires(Permission.EDIT)
def code(code_id: int) -> ResponseReturnValue:
    """Corrects the words of a code, or ends its validity."""
    found = queries.code_value(code_id)
    form = ChangeCodeForm(obj=found)
    form.offer(found.code_table, found.parent_code)
    if form.validate_on_submit():
        services.change_code(found, form.values)
        db.session.commit()
        flash(_("Saved."), "success")
        return redirect(url_for(".codes", table=found.code_table), 303)
    status = 422 if form.is_submitted() else 200
    used = uses(found, current_actor())
    return _code_form(form, found.code_table, _code_title(found), uses=used), status


@bp.get("/codes/<int:code_id>/use")
@requires(Permission.VIEW)
def code_use(code_id: int) -> ResponseReturnValue:
    """Where a code is used, with the lists of these records."""
    found = queries.code_value(code_id)
    return render_template(
        "settings/code_use.html",
        table=found.code_table,
        kind=TABLES[found.code_table],
        title=_code_title(found),
        uses=uses(found, current_actor()),
    )


def _code_title(code: CodeValue) -> str:
    return f"{code.code} {code.label_zh}"


def _code_form(form: ChangeCodeForm, table: str, title: str, **page: Any) -> str:
    kind = TABLES[table]
    return render_template("settings/code_form.html", form=form, table=table, kind=kind, title=title, **page)


def _day(text: str) -> date:
    """The day of an address; NotFound for what is none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise NotFound(_("There is no such day.")) from None
