"""The manifest of signing in: who a session belongs to, and when it is over."""

import time

from flask import Flask, Response, current_app, flash, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user, logout_user
from werkzeug.wrappers import Response as AnyResponse

from app.accounts import queries
from app.accounts.access.views import bp
from app.accounts.policy import SESSION_HOURS, must_change_password, must_enrol
from app.accounts.queries import SignedIn
from app.config import current_settings
from app.core.features import Feature
from app.core.permissions import PUBLIC, declared_permission

#: A request that a page makes by itself says so with this header: it does not count as activity.
BACKGROUND = "X-Background"
#: Seconds between two notes of activity, so that not every answer sets a cookie.
GRAIN = 20

#: The way out of each thing that must be done first, and where it is done.
FORCED = {
    "accounts.change_password": must_change_password,
    "accounts.second_factor": must_enrol,
}
ALWAYS_OPEN = frozenset({*FORCED, "accounts.qr"})


def _load_user(session_id: str) -> SignedIn | None:
    """The user of a session, unless the session was ended or the user deactivated since."""
    number, _sep, stamp = session_id.partition(":")
    if not number.isdecimal():
        return None
    user = queries.session_user(int(number), session.get("token", ""))
    return user if user is not None and user.active and user.session_stamp == stamp else None


def _stranger() -> AnyResponse:
    """Leads to the sign-in page, and afterwards back to the page that was asked for."""
    following = request.full_path.rstrip("?") if request.method == "GET" else None
    return _go(url_for("accounts.login", next=None if following == "/" else following))


def _go(address: str) -> AnyResponse:
    if request.headers.get("HX-Request"):
        return Response(status=401, headers={"HX-Redirect": address})
    return redirect(address, 303)


def _open_to_all() -> bool:
    endpoint = request.endpoint or ""
    view = current_app.view_functions.get(endpoint)
    return view is None or endpoint.endswith("static") or declared_permission(view) == PUBLIC


def _watch_the_session() -> ResponseReturnValue | None:
    """Ends a session that was idle too long, and sends people to what they must do first."""
    if _open_to_all() or not current_user.is_authenticated:
        return None
    if _is_over():
        logout_user()
        session.clear()
        flash(_("You were away for a while, so you were signed out. Please sign in again."), "warning")
        return _stranger()
    if request.endpoint not in ALWAYS_OPEN:
        for endpoint, must in FORCED.items():
            if must(current_user):
                return _go(url_for(endpoint))
    return None


def _is_over() -> bool:
    moment = int(time.time())
    seen = session.setdefault("seen", moment)
    since = session.setdefault("since", moment)
    idle = moment - seen > current_settings().idle_minutes * 60
    if idle or moment - since > SESSION_HOURS * 3600:
        return True
    if moment - seen >= GRAIN and BACKGROUND not in request.headers:
        session["seen"] = moment
    return False


def _init(app: Flask) -> None:
    login_manager = app.login_manager  # type: ignore[attr-defined]
    login_manager.user_loader(_load_user)
    login_manager.unauthorized_handler(_stranger)
    login_manager.session_protection = None
    app.before_request(_watch_the_session)


feature = Feature(name="access", blueprint=bp, init=_init)
