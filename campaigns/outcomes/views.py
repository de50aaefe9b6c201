"""The table of outcomes, to look at and to set."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.core.db import db
from app.core.permissions import current_actor, requires
from app.settings.forms import OptionsForm, options_form
from app.settings.policy import demand_all, sets_figures
from app.settings.services import set_options
from app.tasks.lists import KIND_LABELS
from campaigns.outcomes.policy import OPTIONS, RULES, Permission

blueprint = Blueprint("outcomes", __name__, url_prefix="/settings/outcomes")


@blueprint.get("")
@requires(Permission.VIEW)
def index() -> ResponseReturnValue:
    """Every outcome with its task, whose it is, and by when."""
    return _page(options_form(OPTIONS))


@blueprint.post("")
@requires(Permission.EDIT)
def save() -> ResponseReturnValue:
    """What is changed holds for tasks that are opened from then on."""
    demand_all(current_actor())
    form = options_form(OPTIONS, request.form.keys())
    if not form.validate_on_submit():
        return _page(form), 422
    set_options(form.values, form.valid_from.data)
    db.session.commit()
    flash(_("Saved."), "success")
    return redirect(url_for(".index"), 303)


def _page(form: OptionsForm) -> str:
    asked = {option: form[name] for option in OPTIONS if (name := option.name.replace(".", "-")) in form}
    return render_template(
        "campaigns/outcomes/index.html",
        form=form,
        rules=RULES.values(),
        asked=asked,
        kinds=KIND_LABELS,
        edits=sets_figures(current_actor(), Permission.EDIT),
    )
