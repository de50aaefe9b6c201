"""Administration of users, branches and roles."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts import policy, queries, services
from app.accounts.forms import BranchForm, UserForm
from app.accounts.lists import BRANCHES, USERS
from app.accounts.models import Branch, User
from app.accounts.policy import Permission
from app.core.db import db
from app.core.errors import DomainError
from app.core.forms import refusals
from app.core.permissions import ROLE_LABELS, Actor, Role, current_actor, requires

bp = Blueprint("administration", __name__)


@bp.route("/users", methods=["GET", "POST"])
@requires(Permission.USERS_VIEW)
def users() -> ResponseReturnValue:
    """Everyone in the actor's reach."""
    return USERS.respond()


@bp.route("/users/new", methods=["GET", "POST"])
@requires(Permission.USERS_EDIT)
def new_user() -> ResponseReturnValue:
    actor = current_actor()
    form = UserForm(data={"branch_id": actor.branch_id, "roles": [Role.SPECIALIST]}).offer(actor)
    if form.validate_on_submit():
        try:
            made = services.create_user(**_asked(form), username=form.username.data or "", by=actor)
        except DomainError as error:
            refusals.tell(form, error)
        else:
            db.session.commit()
            return render_template("accounts/one_time_password.html", user=made.user, password=made.password)
    return render_template("accounts/user_form.html", form=form, user=None), 422 if form.errors else 200


@bp.route("/users/<int:user_id>", methods=["GET", "POST"])
@requires(Permission.USERS_EDIT)
def user(user_id: int) -> ResponseReturnValue:
    """A user's particulars and rights, and what may be done with the account."""
    actor = current_actor()
    found = queries.user(actor, user_id)
    form = _user_form(found, actor)
    if form.validate_on_submit():
        try:
            services.update_user(found, **_asked(form), by=actor)
        except DomainError as error:
            refusals.take_back(form, error)
        else:
            db.session.commit()
            flash(_("Saved."), "success")
            return redirect(url_for("administration.user", user_id=user_id), 303)
    return _user_page(form, found)


def _user_page(form: UserForm, found: User) -> ResponseReturnValue:
    page = render_template("accounts/user_form.html", form=form, user=found, locked=policy.is_locked(found))
    return page, 422 if form.errors else 200


def _user_form(found: User, actor: Actor) -> UserForm:
    form = UserForm(
        data={
            "name": found.name,
            "mobile": found.mobile,
            "branch_id": found.branch_id,
            "scope": found.scope,
            "roles": list(found.role_set),
        }
    ).offer(actor)
    del form.username
    return form


def _asked(form: UserForm) -> dict[str, Any]:
    """What the form says, as the services take it."""
    return {
        "name": form.name.data,
        "mobile": form.mobile.data,
        "branch": queries.branch(current_actor(), form.branch_id.data),
        "scope": form.scope.data,
        "roles": form.roles.data,
    }


@bp.post("/users/<int:user_id>/reset-password")
@requires(Permission.USERS_EDIT)
def reset_password(user_id: int) -> ResponseReturnValue:
    """Answers with the one-time password: it is on this page and nowhere else."""
    actor = current_actor()
    found = queries.user(actor, user_id)
    password = services.reset_password(found, by=actor)
    db.session.commit()
    return render_template("accounts/one_time_password.html", user=found, password=password)


@bp.post("/users/<int:user_id>/reset-second-factor")
@requires(Permission.USERS_EDIT)
def reset_second_factor(user_id: int) -> ResponseReturnValue:
    actor = current_actor()
    services.reset_second_factor(queries.user(actor, user_id), by=actor)
    return _done(user_id, _("The second factor is off."))


@bp.post("/users/<int:user_id>/unlock")
@requires(Permission.USERS_EDIT)
def unlock(user_id: int) -> ResponseReturnValue:
    services.unlock(queries.user(current_actor(), user_id))
    return _done(user_id, _("The account is unlocked."))


@bp.post("/users/<int:user_id>/active")
@requires(Permission.USERS_EDIT)
def set_active(user_id: int) -> ResponseReturnValue:
    """Deactivates or activates, as the form field `active` says."""
    actor = current_actor()
    active = request.form.get("active") == "1"
    services.set_active(queries.user(actor, user_id), active, by=actor)
    return _done(user_id, _("The account is active.") if active else _("The account is deactivated."))


def _done(user_id: int, message: str) -> ResponseReturnValue:
    db.session.commit()
    flash(message, "success")
    return redirect(url_for("administration.user", user_id=user_id), 303)


@bp.route("/branches", methods=["GET", "POST"])
@requires(Permission.BRANCHES_VIEW)
def branches() -> ResponseReturnValue:
    """The branches in the order of the tree."""
    return BRANCHES.respond()


@bp.route("/branches/new", methods=["GET", "POST"])
@requires(Permission.BRANCHES_EDIT)
def new_branch() -> ResponseReturnValue:
    actor = current_actor()
    form = BranchForm(data={"parent_id": actor.branch_id}).offer(actor)
    if form.validate_on_submit():
        try:
            services.create_branch(form.code.data or "", form.name.data or "", parent=_parent(form, actor))
        except DomainError as error:
            refusals.take_back(form, error)
        else:
            return _branch_saved()
    return _branch_page(form, None)


@bp.route("/branches/<int:branch_id>", methods=["GET", "POST"])
@requires(Permission.BRANCHES_EDIT)
def branch(branch_id: int) -> ResponseReturnValue:
    """Name, code and place in the tree."""
    actor = current_actor()
    found = queries.branch(actor, branch_id)
    form = _branch_form(found, actor)
    if form.validate_on_submit():
        parent = _parent(form, actor) if found.parent_id else None
        try:
            services.update_branch(found, code=form.code.data or "", name=form.name.data or "", parent=parent)
        except DomainError as error:
            refusals.take_back(form, error)
        else:
            return _branch_saved()
    return _branch_page(form, found)


def _branch_form(found: Branch, actor: Actor) -> BranchForm:
    data = {"code": found.code, "name": found.name, "parent_id": found.parent_id}
    form = BranchForm(data=data).offer(actor, moving=found)
    if found.parent_id is None:
        del form.parent_id
    return form


def _parent(form: BranchForm, actor: Actor) -> Branch:
    return queries.branch(actor, form.parent_id.data)


def _branch_saved() -> ResponseReturnValue:
    db.session.commit()
    flash(_("Saved."), "success")
    return redirect(url_for("administration.branches"), 303)


def _branch_page(form: BranchForm, found: Branch | None) -> ResponseReturnValue:
    page = render_template("accounts/branch_form.html", form=form, branch=found)
    return page, 422 if form.errors else 200


@bp.get("/roles")
@requires(Permission.ROLES_VIEW)
def roles() -> ResponseReturnValue:
    """The one table: every permission of every feature, and the roles that hold it."""
    return render_template("accounts/roles.html", table=queries.role_table(), roles=ROLE_LABELS)
