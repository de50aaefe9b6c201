"""The register, one letter, and writing one."""

from typing import cast

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.accounts.models import User
from app.core.db import db
from app.core.errors import DomainError, NotFound
from app.core.forms import refusals
from app.core.permissions import current_actor, requires
from app.core.workflow.engine import available, history
from app.employers.queries import find as find_employer
from campaigns.channels.letter import queries as outlines
from campaigns.channels.letter.issued import queries, services
from campaigns.channels.letter.issued.forms import asked_for, filled_in, letter_form
from campaigns.channels.letter.issued.lists import REGISTER, reason_of, told_of
from campaigns.channels.letter.issued.models import BACK
from campaigns.channels.letter.issued.policy import Permission
from campaigns.channels.letter.issued.workflow import LETTER, find
from campaigns.channels.letter.policy import Permission as Outline
from campaigns.channels.letter.queries import document

blueprint = Blueprint("letters", __name__, url_prefix="/letters")


@blueprint.route("", methods=["GET", "POST"])
@requires(Outline.VIEW)
def index() -> ResponseReturnValue:
    """The register of document numbers."""
    return REGISTER.respond()


@blueprint.get("/<int:id>")
@requires(Outline.VIEW)
def show(id: int) -> str:
    """Where a letter stands, its files, and what may be done."""
    letter = find(id, current_actor())
    return render_template(
        "campaigns/letter/letter.html",
        letter=letter,
        workflow=LETTER,
        options=available(LETTER, letter, cast(User, current_user)),
        history=[(step, told_of(step.answers)) for step in history(LETTER, id)],
        reason=reason_of(letter),
        hand_over=letter.state in BACK,
    )


@blueprint.get("/<int:id>/letter.pdf")
@requires(Outline.VIEW)
def pdf(id: int) -> Response:
    """The letter as it was issued, from the archive."""
    letter = find(id, current_actor())
    return _shown(queries.archived(letter))


@blueprint.get("/<int:id>/envelope.pdf")
@requires(Outline.VIEW)
def envelope(id: int) -> Response:
    """Its address, for a window or an envelope that goes through the printer."""
    letter = find(id, current_actor())
    handler = queries.handler_of(letter.employer)
    written = queries.envelope(letter, handler.name if handler else None)
    return _shown(queries.envelopes(letter.branch, [written]))


def _shown(document: bytes) -> Response:
    return Response(document, mimetype="application/pdf")


@blueprint.route("/write/<int:employer_id>/<code>", methods=["GET", "POST"])
@requires(Permission.ISSUE)
def write(employer_id: int, code: str) -> ResponseReturnValue:
    """Fill in what nobody knows of the employer, look at the letter; saving issues it."""
    employer = find_employer(employer_id, current_actor())
    template = next((one for one in outlines.offered() if one.code == code), None)
    version = outlines.current_version(template) if template else None
    if version is None:
        raise NotFound(_("There is no such outline."))
    asked = asked_for(version, queries.values_of(employer))
    form = letter_form(asked)()
    labels, given = {one.name: one.label for one in asked}, None
    if form.validate_on_submit() and (given := filled_in(form, asked)) is not None:
        if request.form.get("preview"):
            return _shown(document([services.proposed(version, employer, given, labels)], draft=True))
        try:
            letter = services.issue(version, employer, given, current_actor())
        except DomainError as refusal:
            refusals.take_back(form, refusal)
        else:
            db.session.commit()
            flash(_("Issued as %(number)s.", number=letter.number), "success")
            return redirect(url_for(".show", id=letter.id), 303)
    status = 422 if form.is_submitted() else 200
    return render_template(
        "campaigns/letter/write.html",
        form=form,
        employer=employer,
        version=version,
        letter=services.proposed(version, employer, given or {}, labels),
        objections=() if form.is_submitted() else services.objections(version, employer),
    ), status
