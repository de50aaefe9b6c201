"""The public pages that verify a letter. Nothing is told before the right digits were given."""

from flask import Blueprint, Response, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.core.db import db
from app.core.limits import limiter
from app.core.permissions import public
from campaigns.channels.letter.issued import queries, services
from campaigns.channels.letter.issued.models import Letter
from campaigns.drafting.queries import PHONE
from campaigns.notices.letters.forms import CodeForm, EndForm
from campaigns.notices.policy import READ_LIMIT, WRITE_LIMIT

blueprint = Blueprint("letter_notices", __name__, url_prefix="/n/letter")


@blueprint.after_request
def _keep_out_of_search(response: Response) -> Response:
    response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    return response


@blueprint.get("")
@public
@limiter.limit(READ_LIMIT)
def ask_code() -> ResponseReturnValue:
    """For whoever has the paper and no camera."""
    return _page("letter_code", form=CodeForm())


@blueprint.post("")
@public
@limiter.limit(WRITE_LIMIT)
def find_code() -> ResponseReturnValue:
    form = CodeForm()
    letter = queries.by_code(form.code.data or "") if form.validate_on_submit() else None
    if letter is None:
        form.code.errors = [_("There is no letter with this code. Look at it again, or call us.")]
        return _page("letter_code", 422, form=form)
    return redirect(url_for(".show", token=letter.token), 303)


@blueprint.get("/<token>")
@public
@limiter.limit(READ_LIMIT)
def show(token: str) -> ResponseReturnValue:
    """Asks for the digits, and says nothing of the letter."""
    letter = queries.by_token(token)
    return _digits(letter, EndForm()) if letter else _page("unknown", 404)


@blueprint.post("/<token>")
@public
@limiter.limit(WRITE_LIMIT)
def verify(token: str) -> ResponseReturnValue:
    """Tells number, date and addressee of the letter to whoever knows the digits."""
    letter = queries.by_token(token)
    if letter is None:
        return _page("unknown", 404)
    form = EndForm()
    if not form.validate_on_submit():
        return _digits(letter, form, 422)
    proof = services.prove(letter, form.digits.data or "")
    db.session.commit()
    if proof.right:
        return _page("letter", letter=letter, department=letter.data["issuer"])
    if not proof.left:
        return _page("locked", 429)
    form.digits.errors = [_("These are not the last digits. Tries left: %(left)s.", left=proof.left)]
    return _digits(letter, form, 422)


def _digits(letter: Letter, form: EndForm, status: int = 200) -> ResponseReturnValue:
    return _page("letter_digits", status, form=form, token=letter.token, department=letter.data["issuer"])


def _page(name: str, status: int = 200, **context: object) -> ResponseReturnValue:
    names = {"department": None, "phone": PHONE} | context
    return make_response(render_template(f"campaigns/notices/{name}.html", **names), status)
