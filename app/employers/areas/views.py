"""The tree of areas with its firms, and the forms that keep it."""

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from app.audit import services as audit
from app.core.clock import today
from app.core.db import db
from app.core.language.i18n import msgid
from app.core.permissions import current_actor, requires
from app.core.sheets.workbooks import MEDIA_TYPE, workbook_bytes
from app.employers.areas import queries, services
from app.employers.areas.forms import ChangeAreaForm, NewAreaForm
from app.employers.areas.models import Area
from app.employers.areas.policy import Permission
from app.employers.policy import Permission as Employers

blueprint = Blueprint("areas", __name__, url_prefix="/areas")


@blueprint.get("")
@requires(Permission.VIEW)
def index() -> ResponseReturnValue:
    """Each area with the firms to win, in the order of the tree or the fullest first."""
    actor = current_actor()
    found = queries.densities(actor)
    densest = request.args.get("order") == "density"
    if densest:
        found = sorted((one for one in found if one.to_win), key=lambda one: (-one.to_win, one.area.code))
    to_win, won = (",".join(stages) for stages in (queries.TO_WIN, queries.WON))
    return render_template(
        "employers/areas/index.html",
        areas=found,
        densest=densest,
        unplaced=queries.unplaced(actor),
        to_win=to_win,
        won=won,
    )


@blueprint.get("/workbook")
@requires(Employers.EXPORT)
def workbook() -> ResponseReturnValue:
    """The same counts as a workbook, as the tree reads."""
    header = [
        _("Code"), _("Name of the area"), _("Kind of area"), _("Level"), _("Target firms"),
        _("Contributing firms"), _("Share not yet contributing"),
    ]  # fmt: skip
    rows = [
        [one.area.code, one.area.name, str(one.kind), one.depth + 1, one.to_win, one.won, one.share]
        for one in queries.densities(current_actor())
    ]
    title = _("Areas")
    content = workbook_bytes(title, header, rows)
    audit.record_now(msgid("Areas exported"), name=title)
    name = f"{title}_{today()}.xlsx"
    return send_file(content, mimetype=MEDIA_TYPE, as_attachment=True, download_name=name)


@blueprint.route("/new", methods=["GET", "POST"])
@requires(Permission.EDIT)
def new() -> ResponseReturnValue:
    form = NewAreaForm()
    form.offer(None)
    if form.validate_on_submit():
        services.add_area(
            form.code.data or "", form.name.data or "", form.kind.data, _parent(form), form.valid_until.data
        )
        db.session.commit()
        flash(_("The area is entered."), "success")
        return redirect(url_for(".index"), 303)
    status = 422 if form.is_submitted() else 200
    return render_template("employers/areas/form.html", form=form, title=_("New area")), status


@blueprint.route("/<int:area_id>", methods=["GET", "POST"])
@requires(Permission.EDIT)
def edit(area_id: int) -> ResponseReturnValue:
    """Corrects an area, moves it, or ends it."""
    area = queries.find(area_id)
    form = ChangeAreaForm(obj=area)
    form.offer(area.parent_id)
    if form.validate_on_submit():
        services.change_area(area, form.name.data or "", form.kind.data, _parent(form), form.valid_until.data)
        db.session.commit()
        flash(_("Saved."), "success")
        return redirect(url_for(".index"), 303)
    status = 422 if form.is_submitted() else 200
    return render_template("employers/areas/form.html", form=form, title=f"{area.code} {area.name}"), status


@blueprint.get("/of-import/<int:id>")
@requires(Permission.EDIT)
def of_import(id: int) -> ResponseReturnValue:
    """From a row of an import to its area."""
    return redirect(url_for(".edit", area_id=queries.find(id).id))


@blueprint.post("/place")
@requires(Permission.EDIT)
def place() -> ResponseReturnValue:
    """Places employers by the name of the area that their file wrote."""
    placed = services.place_by_name()
    db.session.commit()
    told = ngettext("%(num)s employer placed by name.", "%(num)s employers placed by name.", placed)
    flash(told, "success" if placed else "info")
    return redirect(url_for(".index"), 303)


def _parent(form: ChangeAreaForm) -> Area | None:
    parent_id = form.parent_id.data
    return queries.find(parent_id) if parent_id else None
