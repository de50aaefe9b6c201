"""People: the list, a person's page, their roles, and whether their numbers are good."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.attachments import services as files
from app.attachments.queries import kind_of
from app.audit.queries import changes_of
from app.core.db import db
from app.core.errors import Conflict, NotFound
from app.core.features import current_features
from app.core.merging.moving import PEOPLE as PEOPLE_TABLE
from app.core.permissions import current_actor, may, requires
from app.core.personal.revealing import respond
from app.core.web.limits import ID_REVEALS, REVEALS, each_person, limiter
from app.core.web.panels import contact_panels
from app.employers.merging.queries import moving
from app.employers.models import CHANNEL_LABELS, ROLE_LABELS, VERIFIED_HOW_LABELS, Contact, Employer
from app.employers.people import queries
from app.employers.people.forms import (
    AuthorisationForm,
    DayForm,
    EditPersonForm,
    HandoverForm,
    KnownPersonForm,
    RoleForm,
    VerifyForm,
    merge_form,
)
from app.employers.people.lists import PEOPLE, UNCOVERED, number_badge
from app.employers.people.policy import Permission as PeoplePermission
from app.employers.people.services import editing, identifying, merging, serving
from app.employers.policy import Permission
from app.employers.queries import find as find_employer

blueprint = Blueprint("people", __name__, url_prefix="/contacts")

LABELS = {"roles": ROLE_LABELS, "how": VERIFIED_HOW_LABELS, "channels": CHANNEL_LABELS}


@blueprint.context_processor
def _labels() -> dict[str, Any]:
    return {"labels": LABELS, "number_badge": number_badge}


@blueprint.route("", methods=["GET", "POST"])
@requires(Permission.VIEW)
def index() -> ResponseReturnValue:
    return PEOPLE.respond()


@blueprint.route("/to-verify", methods=["GET", "POST"])
@requires(Permission.VIEW)
def uncovered() -> ResponseReturnValue:
    """The worklist behind the figure of mobile coverage."""
    return UNCOVERED.respond()


@blueprint.get("/<int:id>")
@requires(Permission.VIEW)
def show(id: int) -> ResponseReturnValue:
    """Everything about one person, as far as the employers in the reader's reach go."""
    actor = current_actor()
    try:
        contact = queries.find(id, actor)
    except NotFound:
        return _to_the_kept_one(id)
    return _page(contact, VerifyForm())


def _page(contact: Contact, form: VerifyForm) -> ResponseReturnValue:
    actor = current_actor()
    if contact.forgotten_on is not None:
        roles = queries.roles_of(contact.id, actor)
        return render_template("employers/people/forgotten.html", contact=contact, roles=roles)
    own = queries.may_edit(contact, actor)
    page = render_template(
        "employers/people/show.html",
        contact=contact,
        roles=queries.roles_of(contact.id, actor),
        verify=form,
        dead=DayForm(),
        own=own,
        editable=own and may(actor, Permission.EDIT),
        twins=queries.twins_of(contact, actor),
        merges=queries.merges_into(contact.id),
        panels=contact_panels(current_features().contact_panels, contact, actor),
        changes=changes_of(Contact.__tablename__, contact.id, limit=30),
    )
    return page, 422 if form.is_submitted() else 200


def _to_the_kept_one(contact_id: int) -> ResponseReturnValue:
    kept_id = queries.kept_instead(contact_id, current_actor())
    if kept_id is None:
        raise NotFound(_("There is no such contact."))
    flash(_("The record that you opened was merged into this one."), "info")
    return redirect(url_for(".show", id=kept_id))


@blueprint.route("/<int:id>/edit", methods=["GET", "POST"])
@requires(Permission.EDIT)
def edit(id: int) -> ResponseReturnValue:
    contact = queries.find(id, current_actor(), to_edit=True)
    form = EditPersonForm()
    if not form.is_submitted():
        form.prefill(contact)
    elif form.validate():
        try:
            editing.edit(
                contact, form.person, current_actor(), forget=form.forget, another=bool(form.another.data)
            )
        except Conflict as conflict:
            db.session.rollback()
            form.form_errors.append(conflict.message)
        else:
            return _saved(id)
    page = render_template(
        "employers/people/edit.html", form=form, contact=contact, taken=bool(form.form_errors)
    )
    return page, 422 if form.is_submitted() else 200


@blueprint.post("/<int:id>/verify")
@requires(Permission.EDIT)
def verify(id: int) -> ResponseReturnValue:
    """Somebody made sure of the number."""
    contact = queries.find(id, current_actor(), to_edit=True)
    form = VerifyForm()
    if not form.validate_on_submit():
        return _page(contact, form)
    editing.verify(contact, form.how.data, form.day, current_actor())
    return _saved(id)


@blueprint.post("/<int:id>/dead")
@requires(Permission.EDIT)
def mark_dead(id: int) -> ResponseReturnValue:
    """The number turned out to be out of use."""
    contact = queries.find(id, current_actor(), to_edit=True)
    editing.mark_dead(contact, _day(), current_actor())
    return _saved(id)


@blueprint.post("/<int:id>/reveal")
@requires(Permission.REVEAL)
@limiter.limit(REVEALS, key_func=each_person)
def reveal(id: int) -> ResponseReturnValue:
    """Shows one person's numbers in full, for a reason; the audit trail keeps who asked, and why."""
    contact = queries.find(id, current_actor())
    return respond(lambda reason: editing.reveal(contact, reason), _crumbs(contact), title=_("Reveal"))


@blueprint.post("/<int:id>/id-number")
@requires(PeoplePermission.REVEAL_ID)
@limiter.limit(ID_REVEALS, key_func=each_person)
def reveal_id_number(id: int) -> ResponseReturnValue:
    """Asks for what, each time, and then shows the number once."""
    contact = queries.find(id, current_actor())
    return respond(
        lambda reason: identifying.reveal(contact, reason),
        _crumbs(contact),
        title=_("ID number"),
        each_time=True,
    )


def _crumbs(contact: Contact) -> list[tuple[str, str]]:
    return [(_("Contacts"), url_for(".index")), (contact.name, url_for(".show", id=contact.id))]


@blueprint.route("/merge/<int:kept_id>/<int:merged_id>", methods=["GET", "POST"])
@requires(PeoplePermission.MERGE)
def merge(kept_id: int, merged_id: int) -> ResponseReturnValue:
    """Field by field what the kept record shall say, and everything that will move."""
    kept, merged = queries.two(kept_id, merged_id, current_actor())
    form = merge_form(kept, merged)
    if form.validate_on_submit():
        given = (form.taken, form.reason.data or "", form.versions.data or "")
        done = merging.merge(kept_id, merged_id, *given, current_actor())
        db.session.commit()
        flash(_("Merged. %(count)s entries went over.", count=done.moved), "success")
        return redirect(url_for(".show", id=kept_id), 303)
    page = render_template(
        "employers/people/merge.html",
        form=form,
        kept=kept,
        merged=merged,
        reasons=merging.objections(kept, merged, "-"),
        moving=moving(kept_id, merged_id, PEOPLE_TABLE),
    )
    return page, 422 if form.is_submitted() else 200


@blueprint.post("/merges/<int:merge_id>/undo")
@requires(PeoplePermission.MERGE)
def undo_merge(merge_id: int) -> ResponseReturnValue:
    done = merging.undo(merge_id, current_actor())
    db.session.commit()
    flash(_("Taken back: they are two records again."), "success")
    return redirect(url_for(".show", id=done.kept_id), 303)


# Roles --------------------------------------------------------------------------------------------


@blueprint.get("/check")
@requires(Permission.EDIT)
def check() -> ResponseReturnValue:
    """While a mobile number is typed: whose it is already."""
    form = KnownPersonForm(request.args, meta={"csrf": False})
    form.mobile.validate(form)
    known = queries.known_by(form.mobile.data, current_actor(), request.args.get("but", type=int))
    return render_template("employers/people/_known.html", known=known, chosen=None, choosable=True)


@blueprint.route("/at/<int:employer_id>/new", methods=["GET", "POST"])
@requires(Permission.EDIT)
def add(employer_id: int) -> ResponseReturnValue:
    """A person takes up a role. A new handler takes the place of the present ones."""
    actor = current_actor()
    employer = find_employer(employer_id, actor)
    form = RoleForm()
    if not form.validate_on_submit():
        return _role_page("add", form, employer)
    try:
        contact = _person(form)
        leaving = queries.handlers_of(employer) if form.role.data == "handler" else ()
        serving.take_up(employer, contact, form.role.data, form.mandate, actor, leaving)
    except Conflict as conflict:
        return _role_page("add", form, employer, conflict)
    db.session.commit()
    flash(_("Contact saved."), "success")
    return _to_employer(employer)


@blueprint.route("/at/<int:employer_id>/handler", methods=["GET", "POST"])
@requires(Permission.EDIT)
def change_handler(employer_id: int) -> ResponseReturnValue:
    """Who leaves, who comes, from when, and the letter that says so."""
    employer = find_employer(employer_id, current_actor())
    form = HandoverForm()
    form.offer(queries.handlers_of(employer))
    if not form.validate_on_submit():
        return _role_page("handler", form, employer)
    try:
        if form.letter.data:
            # to prove a file takes a moment: meanwhile others may write
            db.session.commit()
            with files.checked(form.letter.data.stream) as letter:
                link = _hand_over(form, find_employer(employer_id, current_actor()))
                name = form.letter.data.filename or ""
                files.attach(kind_of(link), link, letter, name, current_actor(), _("Letter of authorisation"))
                db.session.commit()
        else:
            _hand_over(form, employer)
    except Conflict as conflict:
        return _role_page("handler", form, find_employer(employer_id, current_actor()), conflict)
    db.session.commit()
    flash(_("The handler has changed. Somebody is asked to welcome the new one."), "success")
    return _to_employer(employer)


def _hand_over(form: HandoverForm, employer: Employer) -> Any:
    leaving = [link for link in queries.handlers_of(employer) if link.id in (form.leaving.data or ())]
    return serving.hand_over(employer, leaving, _person(form), form.mandate, current_actor())


def _person(form: KnownPersonForm) -> Contact:
    return serving.person_for(
        form.person, current_actor(), chosen_id=form.person_id.data, another=bool(form.another.data)
    )


def _role_page(
    name: str, form: KnownPersonForm, employer: Employer, conflict: Conflict | None = None
) -> ResponseReturnValue:
    """The form again; when the number is somebody's, with those to choose from."""
    known = None
    if conflict is not None:
        db.session.rollback()
        form.form_errors.append(conflict.message)
        known = queries.known_by(form.mobile.data, current_actor())
    page = render_template(f"employers/people/{name}.html", form=form, employer=employer, known=known)
    return page, 422 if form.is_submitted() else 200


@blueprint.route("/roles/<int:id>", methods=["GET", "POST"])
@requires(Permission.VIEW)
def role(id: int) -> ResponseReturnValue:
    """A person's role at one employer: its days, its letter of authorisation, its files."""
    link = queries.find_role(id, current_actor())
    return render_template(
        "employers/people/role.html",
        link=link,
        form=AuthorisationForm(obj=link),
        end=DayForm(),
    )


@blueprint.post("/roles/<int:id>/authorisation")
@requires(Permission.EDIT)
def authorise(id: int) -> ResponseReturnValue:
    link = queries.find_role(id, current_actor())
    form = AuthorisationForm()
    if not form.validate_on_submit():
        return render_template("employers/people/role.html", link=link, form=form, end=DayForm()), 422
    serving.authorise(link, form.authorisation.data or "", form.authorised_until.data)
    db.session.commit()
    flash(_("Saved."), "success")
    return redirect(url_for(".role", id=id), 303)


@blueprint.post("/roles/<int:id>/end")
@requires(Permission.EDIT)
def end(id: int) -> ResponseReturnValue:
    link = queries.find_role(id, current_actor())
    serving.end(link, _day(), current_actor())
    db.session.commit()
    flash(_("Contact ended."), "success")
    return redirect(url_for("employers.show", employer_id=link.employer_id, _anchor="contacts"), 303)


def _day() -> Any:
    """The day that a small form asks for; DomainError for what is none."""
    form = DayForm()
    if not form.validate_on_submit():
        raise Conflict(" ".join(map(str, form.day.errors)) or _("Enter a day."))
    return form.day.data


def _saved(contact_id: int) -> ResponseReturnValue:
    db.session.commit()
    flash(_("Contact saved."), "success")
    return redirect(url_for(".show", id=contact_id), 303)


def _to_employer(employer: Employer) -> ResponseReturnValue:
    return redirect(url_for("employers.show", employer_id=employer.id, _anchor="contacts"), 303)
