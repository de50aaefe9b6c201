"""What the codes of the gateway in use mean, and correcting it."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.core.db import db
from app.core.permissions import requires
from campaigns.gateways import codes, registry
from campaigns.gateways.forms import CodeForm
from campaigns.gateways.policy import Permission

blueprint = Blueprint("gateway_codes", __name__, url_prefix="/settings/gateway-codes")


@blueprint.get("")
@requires(Permission.CODES_VIEW)
def index() -> ResponseReturnValue:
    """Every code that is known, those corrected here marked."""
    return _page(CodeForm(formdata=None, code=request.args.get("code", "")[:40]))


def _page(form: CodeForm) -> ResponseReturnValue:
    found = codes.known(registry.ACTIVE)
    page = render_template("campaigns/gateways/codes.html", form=form, codes=found, failures=codes.FAILURES)
    return page, 422 if form.errors else 200


@blueprint.post("")
@requires(Permission.CODES_EDIT)
def set_code() -> ResponseReturnValue:
    """Gives a code its meaning here, from the next receipt on."""
    form = CodeForm()
    if not form.validate_on_submit():
        return _page(form)
    codes.reclassify(registry.ACTIVE, (form.code.data or "").strip(), form.failure.data, form.note.data or "")
    db.session.commit()
    flash(_("Saved. It counts from the next receipt on."), "success")
    return redirect(url_for(".index"), 303)


@blueprint.post("/forget")
@requires(Permission.CODES_EDIT)
def forget() -> ResponseReturnValue:
    """Takes a correction back."""
    codes.forget(registry.ACTIVE, request.form.get("code", ""))
    db.session.commit()
    flash(_("The shipped meaning counts again."), "success")
    return redirect(url_for(".index"), 303)
