"""What a person sees when something is refused or fails: one place, for pages, htmx and JSON alike."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import (
    Flask,
    Response,
    current_app,
    flash,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, IntegrityError
from werkzeug.exceptions import HTTPException, InternalServerError
from werkzeug.wrappers import Response as AnyResponse

from app.core.db import db
from app.core.errors import DomainError, MovedOn
from app.core.features import current_features
from app.core.links import came_from

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Advice:
    """The heading of an error page and what to do now."""

    title: object
    text: object


ADVICE = {
    400: Advice(_l("This request cannot be read"), _l("Go back, check what you entered and try again.")),
    403: Advice(_l("You may not open this"), _l("Ask your security administrator if your work needs it.")),
    404: Advice(
        _l("This page does not exist"),
        _l("It may have moved or belong to another branch. Search for it, or go back to the start."),
    ),
    405: Advice(_l("This cannot be done this way"), _l("Go back and use the buttons of the page.")),
    409: Advice(
        _l("Someone was faster"),
        _l("The record changed after you opened it. Reload the page to see how it stands now."),
    ),
    413: Advice(_l("This file is too large"), _l("Split it into smaller files and upload them one by one.")),
    429: Advice(_l("Too many attempts"), _l("Wait a minute, then try again.")),
    500: Advice(
        _l("Something went wrong on our side"),
        _l("Nothing was changed. Try again; if it stays, tell your system administrator the time."),
    ),
    503: Advice(_l("The service is busy"), _l("Wait a moment, then try again.")),
}

SESSION_OVER = _l("This page was open too long. Reload it and do the step again.")
NO_COOKIE = _l(
    "Your browser sent no cookie back. Allow cookies for this site, reload the page and do the step again."
)


def init_app(app: Flask) -> None:
    """Install the handlers: refusals by name, HTTP errors, and whatever nobody foresaw."""
    app.before_request(_refuse_nul)
    app.register_error_handler(DomainError, _refused)
    app.register_error_handler(MovedOn, _led_on)
    app.register_error_handler(CSRFError, _session_over)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(IntegrityError, _outrun)
    app.register_error_handler(DataError, _unreadable)
    app.register_error_handler(OverflowError, _unreadable)


def _refused(error: DomainError) -> AnyResponse:
    """A refusal changes nothing: what the request wrote so far is taken back."""
    db.session.rollback()
    return answer(error.status, error.message, error.reasons)


def _led_on(error: MovedOn) -> AnyResponse:
    """A page that was kept as a bookmark, linked or printed before the merge goes on being found."""
    given = request.view_args or {}
    if request.method != "GET" or given.get(error.argument) != error.number:
        return _refused(error)
    flash(str(_l("The record that you opened was merged into this one.")), "info")
    values = {**request.args.to_dict(flat=False), **given, error.argument: error.instead}
    return redirect(url_for(str(request.endpoint), **values))


def _outrun(error: IntegrityError) -> AnyResponse:
    """Two asked for the same at the same moment, and this one came second."""
    log.warning("refused by the database", exc_info=error)
    db.session.rollback()
    return answer(409)


def _unreadable(error: Exception) -> AnyResponse:
    """A value that no column can hold, such as an id of thirty digits."""
    log.warning("unreadable for the database", exc_info=error)
    db.session.rollback()
    return answer(400)


def _refuse_nul() -> AnyResponse | None:
    """No text of ours has this character, and PostgreSQL stores none."""
    values = (*request.args.values(), *request.form.values())
    return answer(400) if any("\x00" in value for value in values) else None


def _session_over(_error: CSRFError) -> AnyResponse:
    if current_app.config["SESSION_COOKIE_NAME"] in request.cookies:
        return answer(400, str(SESSION_OVER))
    return answer(400, str(NO_COOKIE), back=False)  # which a page behind a redirect could not tell


def _http(error: HTTPException) -> AnyResponse:
    if error.code is None or error.code < 400:
        return make_response(error)
    if isinstance(error, InternalServerError):
        db.session.rollback()
    response = answer(error.code)
    for name, value in error.get_headers():
        if name.lower() in {"allow", "retry-after", "www-authenticate"}:
            response.headers[name] = value
    return response


def answer(status: int, message: str = "", reasons: Sequence[str] = (), *, back: bool = True) -> AnyResponse:
    """The refusal as the asker reads it: JSON, a line for htmx, the page again, or an error page."""
    advice = ADVICE.get(status, ADVICE[400 if status < 500 else 500])
    text = message or f"{advice.title}. {advice.text}"
    if _wants_json():
        return _json(status, text, reasons)
    if request.headers.get("HX-Request"):
        return _line(status, text, reasons)
    back = back and request.method == "POST" and status in {400, 409} and bool(message)
    if back and (page := came_from()):
        # by the address app.js knows the form, and puts back what was typed in it
        told = {"message": message, "reasons": list(reasons), "refused": request.path}
        flash(told, "danger")  # type: ignore[arg-type]
        return redirect(page, 303)
    return _page(status, advice, message, reasons)


def _wants_json() -> bool:
    best = request.accept_mimetypes.best_match(["text/html", "application/json"])
    return request.is_json or best == "application/json"


def _json(status: int, text: str, reasons: Sequence[str]) -> Response:
    response = jsonify(message=text, reasons=list(reasons))
    response.status_code = status
    return response


def _line(status: int, text: str, reasons: Sequence[str]) -> Response:
    """Plain text: `app.js` shows it in a corner and leaves the page as it is."""
    response = make_response("\n".join((text, *reasons)), status)
    response.mimetype = "text/plain"
    return response


def _page(status: int, advice: Advice, message: str, reasons: Sequence[str]) -> Response:
    said = {"status": status, "advice": advice, "message": message, "reasons": reasons}
    # the switches at the head of the page, such as the language's, have addresses of the house
    asked_from = urlsplit(came_from() or "").path
    outside = current_features().outside(request.path) or current_features().outside(asked_from)
    if outside is not None:
        return make_response(render_template(outside.template, **said, **outside.context()), status)
    # After a failure of ours the frame of the page, which reads the user, may fail again.
    framed = status < 500 and current_user.is_authenticated
    page = render_template(
        "errors/page.html",
        layout="base.html" if framed else "plain.html",
        **said,
    )
    return make_response(page, status)
