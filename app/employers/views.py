"""Pages of employers."""

from collections.abc import Callable, Iterable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts.models import User
from app.audit.queries import changes_of
from app.core.criteria import segments as saved
from app.core.criteria.segments import Sharing
from app.core.criteria.sentences import Wording
from app.core.db import db
from app.core.errors import Conflict, Forbidden
from app.core.features import Panel, current_features
from app.core.language.formats import display
from app.core.listing.segment_form import SegmentForm
from app.core.permissions import Actor, current_actor, may, requires
from app.core.web.panels import employer_panels
from app.core.workflow.acts import demand
from app.core.workflow.engine import available
from app.employers import queries, services
from app.employers.forms import (
    AssignForm,
    EditEmployerForm,
    FormerNameForm,
    NewEmployerForm,
    RenameForm,
)
from app.employers.lists import EMPLOYERS, LIST, count_segments, employer_fields, tasks_passed_on
from app.employers.models import ACCOUNT_STATUS_LABELS, ROLE_LABELS, SOURCE_LABELS, Employer
from app.employers.policy import Permission

blueprint = Blueprint("employers", __name__, url_prefix="/employers")

LABELS = {
    "source": SOURCE_LABELS,
    "account_status": ACCOUNT_STATUS_LABELS,
    "roles": ROLE_LABELS,
}
#: panels from this order on stand in the main column
WIDE = 50
PLACES = ("side", "wide")


@blueprint.context_processor
def _labels() -> dict[str, Any]:
    return {"labels": LABELS}


@blueprint.route("", methods=["GET", "POST"])
@requires(Permission.VIEW)
def index() -> ResponseReturnValue:
    """The list; link to any part of it with `url_for("employers.index", **{"stage.in": "in_arrears"})`."""
    return EMPLOYERS.respond()


@blueprint.get("/segments")
@requires(Permission.VIEW)
def segments() -> ResponseReturnValue:
    """Every segment the reader sees, in words and with its size in the reader's scope."""
    actor = current_actor()
    found = saved.listed(LIST, actor)
    return render_template(
        "employers/segments.html",
        segments=found,
        counts=count_segments(found, actor),
        wording=Wording(employer_fields()),
        may_change=lambda segment: saved.may_change(segment, actor),
        may_take_over=lambda segment: saved.may_take_over(segment, may(actor, Permission.PUBLISH)),
        sharing_labels=saved.SHARING_LABELS,
    )


@blueprint.route("/segments/<int:segment_id>", methods=["GET", "POST"])
@requires(Permission.VIEW)
def edit_segment(segment_id: int) -> ResponseReturnValue:
    """Rename a segment of one's own, and choose who sees it."""
    actor = current_actor()
    segment = saved.get(segment_id, actor, LIST)
    if not saved.may_change(segment, actor):
        raise Forbidden(saved.OWNER_ONLY)
    form = SegmentForm(obj=segment)
    form.offer(segment, may(actor, Permission.PUBLISH))
    if not form.validate_on_submit():
        status = 422 if form.is_submitted() else 200
        return render_template("employers/segment.html", segment=segment, form=form), status
    saved.rename(segment, form.name.data or "", actor)
    saved.share(segment, Sharing(form.sharing.data), bool(form.pinned.data), actor)
    db.session.commit()
    flash(_("Saved."), "success")
    return redirect(url_for(".segments"), 303)


@blueprint.post("/segments/<int:segment_id>/delete")
@requires(Permission.VIEW)
def delete_segment(segment_id: int) -> ResponseReturnValue:
    actor = current_actor()
    saved.delete(saved.get(segment_id, actor, LIST), actor)
    db.session.commit()
    flash(_("Deleted."), "success")
    return redirect(url_for(".segments"), 303)


@blueprint.get("/<int:employer_id>")
@requires(Permission.VIEW)
def show(employer_id: int) -> ResponseReturnValue:
    """The whole of one employer on one page."""
    actor = current_actor()
    employer = queries.profile(employer_id, actor)
    features = current_features()
    lifecycle = features.workflows.get("lifecycle")
    return render_template(
        "employers/show.html",
        employer=employer,
        lifecycle=lifecycle,
        options=available(lifecycle, employer, actor) if lifecycle else [],
        panels={place: employer_panels(_panels(place, later=False), employer, actor) for place in PLACES},
        later={place: _titles(_panels(place, later=True), actor) for place in PLACES},
        story=queries.story(employer.id, actor),
    )


@blueprint.get("/<int:employer_id>/panels/<any(side, wide):place>")
@requires(Permission.VIEW)
def panels(employer_id: int, place: str) -> str:
    """The panels that come later: for htmx by themselves, else as a page."""
    actor = current_actor()
    employer = queries.find(employer_id, actor)
    found = employer_panels(_panels(place, later=True), employer, actor)
    template = f"employers/{'_panels' if request.headers.get('HX-Request') else 'panels'}.html"
    return render_template(template, employer=employer, panels=found)


def _titles(panels: Iterable[Panel], actor: Actor) -> list[object]:
    return [panel.title for panel in panels if may(actor, panel.permission)]


def _panels(place: str, *, later: bool) -> list[Panel]:
    """The panels of one column of the page, at once or later."""
    wide = place == "wide"
    return [p for p in current_features().panels if (p.order >= WIDE) == wide and p.later == later]


@blueprint.get("/<int:employer_id>/timeline")
@requires(Permission.VIEW)
def timeline(employer_id: int) -> ResponseReturnValue:
    """The story by itself: filtered by kind, page after page; for htmx only the next entries."""
    actor = current_actor()
    employer = queries.find(employer_id, actor)
    kind = request.args.get("kind") or None
    return render_template(
        f"employers/{'_story' if request.headers.get('HX-Request') else 'timeline'}.html",
        employer=employer,
        story=queries.story(employer.id, actor, kind, request.args.get("before", type=int)),
        kinds=queries.readable_kinds(actor),
        kind=kind,
    )


@blueprint.route("/new", methods=["GET", "POST"])
@requires(Permission.EDIT)
def new() -> ResponseReturnValue:
    form = NewEmployerForm()
    namesake = False
    if form.validate_on_submit():
        try:
            employer = services.create_prospect(
                {**form.values, "name": form.name.data},
                current_actor(),
                despite_name=bool(form.despite_name.data),
            )
        except Conflict as conflict:
            db.session.rollback()
            form.form_errors.append(conflict.message)
            namesake = True
        else:
            db.session.commit()
            flash(_("Prospect recorded."), "success")
            return redirect(url_for(".show", employer_id=employer.id))
    status = 422 if form.is_submitted() else 200
    return render_template("employers/new.html", form=form, namesake=namesake, now_stored=_unsaid), status


@blueprint.route("/<int:employer_id>/edit", methods=["GET", "POST"])
@requires(Permission.EDIT)
def edit(employer_id: int) -> ResponseReturnValue:
    employer = _found(employer_id, to="edit")
    form = EditEmployerForm(obj=employer)
    form.keep_msgid(employer)
    if not form.is_submitted():
        form.version.data = services.version_of(employer)
    differing: list[str] = []
    if form.validate_on_submit():
        try:
            services.edit_employer(employer, form.values, form.version.data or "", current_actor())
        except Conflict as conflict:
            form.form_errors.append(conflict.message)
            differing = [name for name, value in form.values.items() if getattr(employer, name) != value]
            form.version.raw_data = None
            form.version.data = services.version_of(employer)
        else:
            db.session.commit()
            flash(_("Saved."), "success")
            return _back(employer)
    status = 409 if differing else 422 if form.is_submitted() else 200
    hint = _stored_hint(employer, differing)
    return render_template("employers/edit.html", form=form, employer=employer, now_stored=hint), status


@blueprint.route("/<int:employer_id>/names", methods=["GET", "POST"])
@requires(Permission.EDIT)
def rename(employer_id: int) -> ResponseReturnValue:
    """Two ways to a former name: the employer was renamed, or an older name came to light."""
    actor = current_actor()
    employer = _found(employer_id, to="edit")
    renamed, older = RenameForm(prefix="new"), FormerNameForm(prefix="old")
    way = request.form.get("way")
    if way == "rename" and renamed.validate_on_submit():
        services.rename(employer, renamed.name.data or "", renamed.day, actor, renamed.proof.data or "")
    elif way == "older" and older.validate_on_submit():
        proof = older.proof.data or ""
        services.add_former_name(employer, older.name.data or "", older.until.data, actor, proof)
    else:
        status = 422 if request.method == "POST" else 200
        names = {"employer": employer, "renamed": renamed, "older": older}
        return render_template("employers/names.html", **names), status
    db.session.commit()
    flash(_("Saved."), "success")
    return _back(employer)


@blueprint.route("/<int:employer_id>/assign", methods=["GET", "POST"])
@requires(Permission.ASSIGN)
def assign(employer_id: int) -> ResponseReturnValue:
    actor = current_actor()
    employer = _found(employer_id)
    form = AssignForm()
    form.offer(queries.possible_owners(employer.branch_id), employer)
    if not form.validate_on_submit():
        return render_template("employers/assign.html", form=form, employer=employer)
    owner, backup = (
        db.session.get(User, id_) if id_ else None for id_ in (form.owner_id.data, form.backup_owner_id.data)
    )
    passed_on = services.assign(employer, owner, backup, actor)
    db.session.commit()
    flash(" ".join([_("Saved."), *([tasks_passed_on(passed_on)] if passed_on else [])]), "success")
    return _back(employer)


@blueprint.get("/<int:employer_id>/history")
@requires(Permission.VIEW)
def history(employer_id: int) -> ResponseReturnValue:
    """Which field changed from what to what, by whom."""
    employer = queries.find(employer_id, current_actor())
    changes = changes_of(Employer.__tablename__, employer.id)
    return render_template("employers/history.html", employer=employer, changes=changes)


def _found(employer_id: int, *, to: str | None = None) -> Employer:
    """To be shown in a form, or held for the change that the form asks for; `to`: the act that this is."""
    find = queries.find_for_edit if request.method == "POST" else queries.find
    employer = find(employer_id, current_actor())
    if to is not None:
        demand(employer, to, current_actor())
    return employer


def _unsaid(_field: str) -> None:
    return None


def _stored_hint(employer: Employer, fields: list[str]) -> Callable[[str], str | None]:
    """Beside each field that someone else changed meanwhile: what is stored now."""
    return lambda name: (
        _("Stored now: %(value)s", value=display(getattr(employer, name))) if name in fields else None
    )


def _back(employer: Employer) -> ResponseReturnValue:
    return redirect(url_for(".show", employer_id=employer.id), 303)
