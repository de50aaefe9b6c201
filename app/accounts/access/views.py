"""The door: sign in, second factor, sign out; and one's own account."""

import secrets
import time
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user, login_user, logout_user
from werkzeug.wrappers import Response as AnyResponse

from app.accounts import queries
from app.accounts.access import services
from app.accounts.access.forms import CodeForm, PasswordForm, ProfileForm, SignInForm
from app.accounts.models import User
from app.accounts.policy import WAITING_MINUTES, must_change_password, must_enrol
from app.core.db import db
from app.core.errors import DomainError
from app.core.forms import refusals
from app.core.language.i18n import COOKIE as LANGUAGE
from app.core.language.i18n import DEFAULT
from app.core.links import safe_path
from app.core.permissions import ROLE_LABELS, SCOPE_LABELS, SEPARATED_ROLES, public, signed_in
from app.core.qr_codes import drawing
from app.core.signing_in import second_factor as factor
from app.core.web.limits import limiter

bp = Blueprint("accounts", __name__)

YEAR = 365 * 24 * 3600
#: The name that authenticator apps show above the code.
ISSUER = "Jinnuo"
LABELS: dict[str, Any] = {"role_labels": ROLE_LABELS, "scope_labels": SCOPE_LABELS}


def begin_session(user: User) -> None:
    """A new session without anything of the old one, so that nobody can plant one before sign-in."""
    session.clear()
    login_user(user)
    session["token"] = secrets.token_urlsafe(24)
    session["since"] = session["seen"] = int(time.time())


def _me() -> User:
    """The record of whoever is signed in."""
    return db.session.get_one(User, current_user.id)


@bp.route("/login", methods=["GET", "POST"])
@public
@limiter.limit("30/minute;200/hour", methods=["POST"])
def login() -> ResponseReturnValue:
    """Asks for name and password; the second factor has its own page."""
    following = safe_path(request.args.get("next")) or "/"
    if current_user.is_authenticated:
        return redirect(following)
    form = SignInForm()
    if form.validate_on_submit():
        try:
            user = services.check_password(form.username.data or "", form.password.data or "")
            return _second_step(user, following) if user.totp_secret else _welcome(user, following)
        except services.SignInRefused as refusal:
            refusals.tell(form, refusal)
            db.session.commit()
    return render_template("accounts/login.html", form=form), 422 if form.errors else 200


def _second_step(user: User, following: str) -> AnyResponse:
    db.session.commit()
    session.clear()
    session["waiting"] = {"user": user.id, "stamp": user.session_stamp, "at": time.time(), "next": following}
    return redirect(url_for("accounts.login_code"), 303)


def _welcome(user: User, following: str) -> AnyResponse:
    services.signed_in(user)
    db.session.commit()
    begin_session(user)
    response = redirect(following, 303)
    if user.locale:
        _remember_language(response, user.locale)
    return response


def _remember_language(response: AnyResponse, locale: str) -> None:
    response.set_cookie(
        LANGUAGE, locale, max_age=YEAR, httponly=True, samesite="Lax", secure=request.is_secure
    )


@bp.route("/login/code", methods=["GET", "POST"])
@public
@limiter.limit("30/minute;200/hour", methods=["POST"])
def login_code() -> ResponseReturnValue:
    """The second step of signing in."""
    waiting = session.get("waiting")
    if not waiting or time.time() - waiting["at"] > WAITING_MINUTES * 60:
        session.pop("waiting", None)
        return redirect(url_for("accounts.login"))
    form = CodeForm()
    if form.validate_on_submit():
        try:
            user = services.check_code(waiting["user"], waiting["stamp"], form.code.data or "")
            return _welcome(user, waiting["next"])
        except services.SignInRefused as refusal:
            refusals.tell(form, refusal)
            db.session.commit()
    return render_template("accounts/login_code.html", form=form), 422 if form.errors else 200


@bp.post("/logout")
@public
def logout() -> ResponseReturnValue:
    if current_user.is_authenticated:
        services.signed_out(_me(), session.get("token", ""))
        db.session.commit()
    logout_user()
    session.clear()
    flash(_("You are signed out."), "success")
    return redirect(url_for("accounts.login"), 303)


@bp.route("/account", methods=["GET", "POST"])
@signed_in
def profile() -> ResponseReturnValue:
    """One's own particulars and language."""
    user = _me()
    form = ProfileForm(data={"mobile": user.mobile, "locale": user.locale or DEFAULT})
    if form.validate_on_submit():
        services.update_profile(user, mobile=form.mobile.data, locale=form.locale.data)
        db.session.commit()
        flash(_("Saved."), "success")
        response = redirect(url_for("accounts.profile"), 303)
        _remember_language(response, form.locale.data)
        return response
    return render_template(
        "accounts/profile.html", form=form, user=user, **LABELS
    ), 422 if form.errors else 200


@bp.route("/account/password", methods=["GET", "POST"])
@signed_in
def change_password() -> ResponseReturnValue:
    user = _me()
    form = PasswordForm()
    if form.validate_on_submit():
        try:
            services.change_password(user, form.current.data or "", form.new.data or "")
        except DomainError as error:
            refusals.take_back(form, error)
        else:
            db.session.commit()
            begin_session(user)
            flash(_("Your password is changed; other devices are signed out."), "success")
            return redirect(url_for("accounts.profile"), 303)
    page = render_template("accounts/password.html", form=form, forced=must_change_password(user))
    return page, 422 if form.errors else 200


@bp.route("/account/second-factor", methods=["GET", "POST"])
@signed_in
def second_factor() -> ResponseReturnValue:
    """Enrolment: the picture, the first code, then the recovery codes; or the present state."""
    user = _me()
    if user.totp_secret:
        left = queries.recovery_codes_left(user)
        free = not user.role_set & SEPARATED_ROLES
        return render_template("accounts/second_factor.html", form=CodeForm(), left=left, free=free)
    secret = session.setdefault("enrolling", factor.new_secret())
    form = CodeForm()
    if form.validate_on_submit():
        try:
            codes = services.enrol(user, secret, form.code.data or "")
        except DomainError as error:
            refusals.tell(form, error)
        else:
            db.session.commit()
            begin_session(user)
            return render_template("accounts/recovery_codes.html", codes=codes)
    page = render_template("accounts/enrol.html", form=form, secret=secret, forced=must_enrol(user))
    return page, 422 if form.errors else 200


@bp.get("/account/second-factor/qr.svg")
@signed_in
def qr() -> ResponseReturnValue:
    """The picture for the authenticator app, only while enrolling."""
    secret = session.get("enrolling")
    if not secret:
        return redirect(url_for("accounts.second_factor"))
    picture = drawing(factor.setup_uri(secret, _me().username, ISSUER), quiet=4, scale=5)
    return Response(picture, mimetype="image/svg+xml", headers={"Cache-Control": "no-store"})


@bp.post("/account/second-factor/recovery-codes")
@signed_in
def renew_recovery_codes() -> ResponseReturnValue:
    codes = services.renew_own_recovery_codes(_me(), request.form.get("code", ""))
    db.session.commit()
    return render_template("accounts/recovery_codes.html", codes=codes)


@bp.post("/account/second-factor/off")
@signed_in
def turn_off_second_factor() -> ResponseReturnValue:
    user = _me()
    services.turn_off_second_factor(user, request.form.get("code", ""))
    db.session.commit()
    begin_session(user)
    flash(_("The second factor is off."), "success")
    return redirect(url_for("accounts.profile"), 303)
