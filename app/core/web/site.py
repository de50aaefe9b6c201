"""The web side of the house: security headers, assets, template globals, and the two switches of a reader."""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from flask import Blueprint, Flask, Response, redirect, request
from flask_bootstrap import Bootstrap5
from flask_login import current_user
from flask_talisman import Talisman
from jinja2 import StrictUndefined
from jinja2.utils import htmlsafe_json_dumps
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import IntegerConverter, Map
from werkzeug.wrappers import Response as AnyResponse

from app.config import Settings
from app.core.db import db
from app.core.features import current_features
from app.core.language import formats
from app.core.language.i18n import COOKIE as LANGUAGE
from app.core.language.i18n import LOCALES, translated
from app.core.links import asset, came_from, url_if
from app.core.permissions import current_actor, may, public, signed_in
from app.core.personal.reasons import REASONS
from app.core.preferences import move_up, unpin
from app.core.story import told
from app.core.web import failures, styleguide
from app.core.web.frame import THEME, THEMES, frame_head, sidebar, theme, topbar
from app.core.web.icons import icon
from app.core.workflow import acts

P = ParamSpec("P")
R = TypeVar("R")

YEAR = 365 * 24 * 3600

#: Nothing inline, nothing from elsewhere. `data:` pictures are the small signs of Bootstrap's own sheet.
CONTENT_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
#: For files that people brought: shown by a browser, they are in a sandbox without any rights.
DOWNLOAD_POLICY = {"default-src": "'none'", "frame-ancestors": "'none'", "sandbox": ""}
PERMISSIONS_POLICY = {name: "()" for name in ("camera", "geolocation", "microphone", "payment", "usb")}

#: Read by htmx from a meta element. A form that comes back with 422 is shown again with its errors.
HTMX_CONFIG = {
    "includeIndicatorStyles": False,
    "allowEval": False,
    "allowScriptTags": False,
    "selfRequestsOnly": True,
    "historyCacheSize": 0,
    "responseHandling": [
        {"code": "204", "swap": False},
        {"code": "[23]..", "swap": True},
        {"code": "422", "swap": True},
        {"code": "[45]..", "swap": False, "error": True},
    ],
}


def _htmx_folder() -> str:
    found = find_spec("js_lib_htmx")
    if found is None or found.origin is None:
        raise RuntimeError("The package django-js-lib-htmx is not installed.")
    return str(Path(found.origin).parent / "static" / "htmx")


bp = Blueprint("ui", __name__, static_folder=_htmx_folder(), static_url_path="/vendor/htmx")


@bp.post("/preferences")
@public
def preferences() -> AnyResponse:
    """Keep the reader's language or theme in a cookie and show the page again."""
    response = redirect(came_from() or "/", 303)
    for name, allowed in ((LANGUAGE, tuple(LOCALES)), (THEME, THEMES)):
        chosen = request.form.get(name)
        if chosen in allowed:
            response.set_cookie(
                name, chosen, max_age=YEAR, httponly=True, samesite="Lax", secure=request.is_secure
            )
    return response


@bp.post("/pins")
@signed_in
def pins() -> AnyResponse:
    """Moves a pin of one's own up in the navigation, or takes it away, and shows the page again."""
    view_id, actor = request.form.get("view", 0, int), current_actor()
    act = move_up if request.form.get("do") == "up" else unpin
    act(actor.id, view_id)
    db.session.commit()
    return redirect(came_from() or "/", 303)


class IdConverter(IntegerConverter):
    """An id in an address: what no database counts up to is no address of ours."""

    def __init__(self, map: Map) -> None:
        super().__init__(map, max=2**63 - 1)


def init_app(app: Flask, settings: Settings) -> None:
    """Install headers, assets, error pages and everything that templates may call."""
    _trust_proxies(app, settings)
    app.url_map.converters["int"] = IdConverter
    app.config.setdefault("BOOTSTRAP_SERVE_LOCAL", True)
    Bootstrap5().init_app(app)
    _secure(app, settings)
    app.register_blueprint(bp)
    failures.init_app(app)
    formats.init_app(app)
    _prepare_templates(app)
    app.after_request(_cache_policy)
    if app.debug:
        styleguide.add_page(app)


def _trust_proxies(app: Flask, settings: Settings) -> None:
    hops = settings.trusted_proxies
    if hops:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]


def _secure(app: Flask, settings: Settings) -> None:
    Talisman(
        app,
        # The proxy in front redirects; a health check on the machine itself speaks plain http.
        force_https=False,
        session_cookie_secure=settings.secure_cookies,
        content_security_policy=CONTENT_POLICY,
        permissions_policy=PERMISSIONS_POLICY,
        frame_options="DENY",
        # An unguessable notice address must not travel to another site; ours needs it to find the way back.
        referrer_policy="same-origin",
        strict_transport_security_include_subdomains=False,
    )


def download_only(view: Callable[P, R]) -> Callable[P, R]:
    """For views that hand out files: opened in a window, the answer may run, load and frame nothing.

    Stands outermost, because Talisman asks the registered view.
    """
    setattr(view, "talisman_view_options", {"content_security_policy": DOWNLOAD_POLICY})  # noqa: B010 - its name
    return view


def _prepare_templates(app: Flask) -> None:
    env = app.jinja_env
    env.trim_blocks = env.lstrip_blocks = True
    env.undefined = StrictUndefined
    env.filters.update(translated=translated, told=told)
    env.globals.update(
        allowed=_reader_is_allowed,
        asset=asset,
        current_features=current_features,
        current_user=current_user,
        frame_head=frame_head,
        htmx_config=htmlsafe_json_dumps(HTMX_CONFIG),
        icon=icon,
        may=_reader_may,
        reasons_offered=REASONS,
        sidebar=sidebar,
        theme=theme,
        topbar=topbar,
        url_if=url_if,
    )


def _reader_may(permission: str) -> bool:
    """Whether the person who looks at the page holds the permission."""
    user = current_user._get_current_object()
    return bool(user.is_authenticated) and may(user, permission)


def _reader_is_allowed(record: Any, act: str) -> bool:
    """Whether the person who looks at the page may do this to the record in the state it is in."""
    user = current_user._get_current_object()
    return bool(user.is_authenticated) and acts.allowed(record, act, user)


def _cache_policy(response: Response) -> Response:
    """Versioned assets are kept for a year; pages, which show personal data, are never stored."""
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    if (request.endpoint or "").endswith("static"):
        if "v" in request.args and response.status_code == 200:
            response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    elif "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-store"
    return response
