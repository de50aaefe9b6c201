"""Saying which column is which before the dry run, and keeping what was said."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.core.db import db
from app.core.errors import Conflict, DomainError, NotFound
from app.core.forms import refusals
from app.core.importing.spec import ImportSpec
from app.core.permissions import current_actor, requires
from app.imports import jobs
from app.imports.columns import queries, services
from app.imports.columns.forms import ChoiceForm, ColumnsForm
from app.imports.columns.lists import MEMORIES
from app.imports.policy import Permission, may_use
from app.imports.queries import batch_for, file_of, spec_named
from app.imports.workflow import REREAD

blueprint = Blueprint("import_columns", __name__, url_prefix="/imports/columns")


@blueprint.route("", methods=["GET", "POST"])
@requires(Permission.VIEW)
def index() -> ResponseReturnValue:
    """What is remembered, and who said so."""
    return MEMORIES.respond()


@blueprint.route("/of/<int:batch_id>", methods=["GET", "POST"])
@requires(Permission.RUN)
def name(batch_id: int) -> ResponseReturnValue:
    """The top of a file, and for each of its columns what it is."""
    batch = batch_for(current_actor(), batch_id)
    spec = _usable(batch.spec)
    if not REREAD.fits(batch):
        raise Conflict(_("This import is already further on. Reload the page."))
    form, said = ColumnsForm(source=batch.source or ""), queries.word_of(batch)
    sheet, at = request.values.get("sheet", ""), request.values.get("at", "")
    offer = queries.offer(file_of(batch), spec, said, sheet, at)
    chosen = [column.guess for column in offer.columns]
    if form.validate_on_submit():
        chosen = form.chosen(spec)
        try:
            titles = offer.header.titles
            services.name_columns(batch, spec, titles, chosen, form.source.data or "", current_actor())
        except DomainError as refusal:
            refusals.tell(form, refusal)
        else:
            jobs.dry_run(batch)
            return redirect(url_for("imports.show", batch_id=batch_id), 303)
    known = queries.sources(batch.spec, batch.branch_id)
    page = {"batch": batch, "spec": spec, "form": form, "offer": offer, "chosen": chosen, "known": known}
    return render_template("imports/columns/name.html", **page), 422 if form.is_submitted() else 200


@blueprint.route("/<int:memory_id>", methods=["GET", "POST"])
@requires(Permission.RUN)
def edit(memory_id: int) -> ResponseReturnValue:
    """Corrects what is remembered, without a file at hand."""
    memory = queries.find(memory_id, current_actor())
    spec, form = _usable(memory.spec), ChoiceForm()
    chosen = list(memory.columns)
    if form.validate_on_submit():
        chosen = form.chosen(spec)[: len(memory.titles)]
        try:
            services.correct(memory, spec, chosen, current_actor())
        except DomainError as refusal:
            refusals.tell(form, refusal)
        else:
            db.session.commit()
            flash(_("Saved."), "success")
            return redirect(url_for(".index"), 303)
    status = 422 if form.is_submitted() else 200
    page = {"memory": memory, "spec": spec, "form": form, "chosen": chosen}
    return render_template("imports/columns/edit.html", **page), status


@blueprint.post("/<int:memory_id>/forget")
@requires(Permission.RUN)
def forget(memory_id: int) -> ResponseReturnValue:
    """The next such file is asked about again."""
    memory = queries.find(memory_id, current_actor())
    _usable(memory.spec)
    services.forget(memory)
    db.session.commit()
    flash(_("Forgotten. The next such file is asked about again."), "success")
    return redirect(url_for(".index"), 303)


def _usable(spec_name: str) -> ImportSpec:
    spec = spec_named(spec_name)
    if not may_use(current_actor(), spec):
        raise NotFound(_("There is no such import."))
    return spec
