"""The screen on which leaders keep what is expected."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.core.db import db
from app.core.errors import DomainError
from app.core.forms import refusals
from app.core.permissions import current_actor, requires
from app.imports.expected import queries, services
from app.imports.expected.forms import ExpectationForm
from app.imports.expected.lists import EXPECTED
from app.imports.expected.models import ImportExpectation
from app.imports.policy import Permission

blueprint = Blueprint("import_expected", __name__, url_prefix="/imports/expected")


@blueprint.route("", methods=["GET", "POST"])
@requires(Permission.VIEW)
def index() -> ResponseReturnValue:
    """Which file comes when."""
    return EXPECTED.respond()


@blueprint.route("/new", methods=["GET", "POST"])
@requires(Permission.EXPECT)
def new() -> ResponseReturnValue:
    """From now on the file is expected."""
    form = ExpectationForm(branch_id=current_actor().branch_id)
    return _kept(form, None)


@blueprint.route("/<int:expectation_id>", methods=["GET", "POST"])
@requires(Permission.EXPECT)
def edit(expectation_id: int) -> ResponseReturnValue:
    """Another day, another colleague."""
    expected, form = queries.find(expectation_id, current_actor()), ExpectationForm()
    if not form.is_submitted():
        form.show(expected)
    return _kept(form, expected)


@blueprint.post("/<int:expectation_id>/drop")
@requires(Permission.EXPECT)
def drop(expectation_id: int) -> ResponseReturnValue:
    """Nobody waits for the file any more."""
    actor = current_actor()
    services.expect_no_more(queries.find(expectation_id, actor), actor)
    db.session.commit()
    flash(_("The file is no longer expected."), "success")
    return redirect(url_for(".index"), 303)


def _kept(form: ExpectationForm, expected: ImportExpectation | None) -> ResponseReturnValue:
    form.offer(current_actor())
    if form.validate_on_submit():
        try:
            services.change(expected, form.values) if expected else services.expect(form.values)
            db.session.commit()
        except DomainError as refusal:
            refusals.take_back(form, refusal)
        else:
            flash(_("Saved."), "success")
            return redirect(url_for(".index"), 303)
    page = render_template("imports/expected/form.html", form=form, expected=expected)
    return page, 422 if form.is_submitted() else 200
