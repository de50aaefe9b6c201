"""Scripts, their versions, and rehearsals."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.core.db import db
from app.core.errors import DomainError
from app.core.forms import refusals
from app.core.permissions import current_actor, requires
from app.outreach.models import TOPIC_LABELS
from app.outreach.talking import queries, services
from app.outreach.talking.forms import RehearsalForm, ScriptForm, SituationForm, VersionForm
from app.outreach.talking.lists import SCRIPTS
from app.outreach.talking.models import SCRIPT_LABELS, Script
from app.outreach.talking.policy import Permission

blueprint = Blueprint("talking", __name__, url_prefix="/scripts")


@blueprint.route("", methods=["GET", "POST"])
@requires(Permission.VIEW)
def index() -> ResponseReturnValue:
    return SCRIPTS.respond()


@blueprint.get("/at-hand")
@requires(Permission.VIEW)
def at_hand() -> str:
    """What may be said now, to be read while calling; of some situations with `?topics=`."""
    topics = request.args.getlist("topics")
    spoken = [one for one in queries.offered() if not topics or set(topics) & set(one.script.situations)]
    template = "_at_hand.html" if request.headers.get("HX-Request") else "at_hand.html"
    about = [str(TOPIC_LABELS[topic]) for topic in topics if topic in TOPIC_LABELS]
    return render_template(f"outreach/talking/{template}", spoken=spoken, about=about)


@blueprint.route("/new", methods=["GET", "POST"])
@requires(Permission.WRITE)
def new() -> ResponseReturnValue:
    form = ScriptForm()
    if form.validate_on_submit():
        about = form.situations.data or ()
        try:
            script = services.add_script(
                form.kind.data, form.title.data or "", about, form.wording, current_actor()
            )
        except DomainError as refusal:
            refusals.take_back(form, refusal)
        else:
            db.session.commit()
            return redirect(url_for(".show", id=script.id), 303)
    status = 422 if form.is_submitted() else 200
    return render_template("outreach/talking/new.html", form=form), status


@blueprint.get("/<int:id>")
@requires(Permission.VIEW)
def show(id: int) -> ResponseReturnValue:
    """The text that holds, the earlier ones, and who has rehearsed it."""
    return _page(queries.find(id))


def _page(
    script: Script, refused: SituationForm | None = None, rehearsal: RehearsalForm | None = None
) -> ResponseReturnValue:
    """With the form that was refused, and what is wrong in it."""
    current = queries.current_version(script)
    page = render_template(
        "outreach/talking/show.html",
        script=script,
        current=current,
        bases=queries.bases_of(current),
        situations=[str(TOPIC_LABELS.get(one, one)) for one in script.situations],
        kinds=SCRIPT_LABELS,
        rehearsals=queries.rehearsals(current_actor(), script.id),
        form=rehearsal or RehearsalForm(formdata=None),
        rehearsing=rehearsal is not None,
        offer=refused or SituationForm(situations=script.situations, retired=script.retired_on is not None),
    )
    return page, 422 if refused or rehearsal else 200


@blueprint.route("/<int:id>/version", methods=["GET", "POST"])
@requires(Permission.WRITE)
def version(id: int) -> ResponseReturnValue:
    """A new text; the present one stays on record."""
    script = queries.find(id)
    latest = script.versions[0] if script.versions else None
    form = VersionForm(text=latest.text if latest else "", bases=latest.bases if latest else ())
    if form.validate_on_submit():
        try:
            services.write_version(script, form.wording, current_actor())
        except DomainError as refusal:
            refusals.take_back(form, refusal)
        else:
            db.session.commit()
            return redirect(url_for(".show", id=id), 303)
    status = 422 if form.is_submitted() else 200
    return render_template("outreach/talking/version.html", form=form, script=script), status


@blueprint.post("/<int:id>/situations")
@requires(Permission.WRITE)
def situations(id: int) -> ResponseReturnValue:
    script, form = queries.find(id), SituationForm()
    if not form.validate_on_submit():
        return _page(script, form)
    services.set_situations(script, form.situations.data or (), bool(form.retired.data))
    db.session.commit()
    flash(_("Saved."), "success")
    return redirect(url_for(".show", id=id), 303)


@blueprint.post("/<int:id>/rehearsals")
@requires(Permission.REHEARSE)
def rehearse(id: int) -> ResponseReturnValue:
    script, form = queries.find(id), RehearsalForm()
    if not form.validate_on_submit():
        return _page(script, rehearsal=form)
    held_on, participants = form.day, form.participants.data or ""
    try:
        services.log_rehearsal(script, held_on, participants, form.findings.data or "", current_actor())
    except DomainError as refusal:
        refusals.take_back(form, refusal)
        return _page(queries.find(id), rehearsal=form)
    db.session.commit()
    flash(_("Saved."), "success")
    return redirect(url_for(".show", id=id, _anchor="rehearsals"), 303)
