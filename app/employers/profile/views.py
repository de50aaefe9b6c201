"""The picture of an employer, and the notes and flags that stand on it."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.core.db import db
from app.core.features import current_features
from app.core.permissions import current_actor, requires
from app.core.web.charts import Chart, Point, Series, bar_chart
from app.core.web.panels import employer_panels
from app.employers.profile import queries, services
from app.employers.profile.forms import FlagForm, LowerForm, NewNoteForm, NoteForm
from app.employers.profile.policy import Permission
from app.employers.queries import find, profile

blueprint = Blueprint("profile", __name__, url_prefix="/profile")


@blueprint.get("/<int:employer_id>")
@requires(Permission.VIEW)
def show(employer_id: int) -> ResponseReturnValue:
    """How the employer has grown and paid, how often it was spoken to, and how well it is known."""
    return _page(employer_id)


@blueprint.post("/<int:employer_id>/notes")
@requires(Permission.WRITE)
def add_note(employer_id: int) -> ResponseReturnValue:
    actor = current_actor()
    employer = find(employer_id, actor)
    form = NewNoteForm(prefix="note")
    if not form.validate_on_submit():
        return _page(employer_id, note_form=form), 422
    services.write_note(employer, form.body.data or "", form.day, bool(form.pinned.data), actor)
    db.session.commit()
    flash(_("The note is saved."), "success")
    return _back(employer_id)


@blueprint.route("/notes/<int:note_id>", methods=["GET", "POST"])
@requires(Permission.WRITE)
def note(note_id: int) -> ResponseReturnValue:
    """The author writes a note anew."""
    actor = current_actor()
    found = queries.find_note(note_id, actor)
    form = NoteForm(obj=found)
    if form.validate_on_submit():
        services.correct_note(found, form.body.data or "", actor)
        db.session.commit()
        flash(_("The note is saved."), "success")
        return _back(found.employer_id)
    status = 422 if form.is_submitted() else 200
    return render_template("employers/profile/note.html", form=form, note=found), status


@blueprint.post("/notes/<int:note_id>/pin")
@requires(Permission.WRITE)
def pin(note_id: int) -> ResponseReturnValue:
    """Pins a note, or unpins it."""
    found = queries.find_note(note_id, current_actor())
    (services.unpin if found.pinned else services.pin)(found)
    db.session.commit()
    return _back(found.employer_id)


@blueprint.post("/notes/<int:note_id>/withdraw")
@requires(Permission.WRITE)
def withdraw(note_id: int) -> ResponseReturnValue:
    actor = current_actor()
    found = queries.find_note(note_id, actor)
    employer_id = found.employer_id
    services.withdraw_note(found, actor)
    db.session.commit()
    flash(_("The note is withdrawn."), "success")
    return _back(employer_id)


@blueprint.post("/<int:employer_id>/flags")
@requires(Permission.WRITE)
def raise_flag(employer_id: int) -> ResponseReturnValue:
    actor = current_actor()
    employer = find(employer_id, actor)
    form = FlagForm(prefix="flag")
    if not form.validate_on_submit():
        return _page(employer_id, flag_form=form), 422
    services.raise_flag(employer, form.code.data or "", form.day, form.note.data or "", actor)
    db.session.commit()
    flash(_("The risk is flagged."), "success")
    return _back(employer_id)


@blueprint.route("/flags/<int:flag_id>", methods=["GET", "POST"])
@requires(Permission.WRITE)
def lower_flag(flag_id: int) -> ResponseReturnValue:
    """The risk is over: since when, and why."""
    actor = current_actor()
    flag = queries.find_flag(flag_id, actor)
    form = LowerForm()
    if form.validate_on_submit():
        services.lower_flag(flag, form.day, form.ending.data or "", actor)
        db.session.commit()
        flash(_("The flag is lowered."), "success")
        return _back(flag.employer_id)
    status = 422 if form.is_submitted() else 200
    return render_template("employers/profile/flag.html", form=form, flag=flag), status


def _page(employer_id: int, **forms: Any) -> str:
    actor = current_actor()
    employer = profile(employer_id, actor)
    return render_template(
        "employers/profile/show.html",
        employer=employer,
        quality=queries.quality_of(employer_id),
        notes=queries.notes_of(employer_id),
        flags=queries.flags_of(employer_id, past=True),
        activity=_drawn(queries.activity(employer_id, actor)),
        panels=employer_panels(current_features().profile_panels, employer, actor),
        **{
            "note_form": NewNoteForm(None, prefix="note"),
            "flag_form": FlagForm(None, prefix="flag"),
            **forms,
        },
    )


def _drawn(activity: queries.Activity) -> Chart | None:
    if not activity.total:
        return None
    # every third month is named, and a month without contact shows nothing
    months = [f"{m.year}-{m.month:02d}" if n % 3 == 0 else "" for n, m in enumerate(activity.months)]
    series = [
        Series(str(kind.label), [Point(count or None) for count in activity.counts[kind.name]])
        for kind in activity.kinds
    ]
    return bar_chart(_("Contacts of each month"), months, series, stacked=True, height=220)


def _back(employer_id: int) -> ResponseReturnValue:
    return redirect(url_for(".show", employer_id=employer_id), 303)
