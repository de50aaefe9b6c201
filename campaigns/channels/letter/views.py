"""The pages of outlines and letterheads."""

from typing import cast

from flask import Blueprint, Response, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.accounts.models import User
from app.core.clock import today
from app.core.db import db
from app.core.errors import DomainError, NotFound
from app.core.forms import refusals
from app.core.permissions import current_actor, requires
from campaigns.channels.letter import queries, services, text
from campaigns.channels.letter.forms import LetterheadForm, VersionForm
from campaigns.channels.letter.lists import OUTLINES
from campaigns.channels.letter.policy import Permission

blueprint = Blueprint("outlines", __name__, url_prefix="/letters")


def _reader() -> User:
    return cast(User, current_user)


@blueprint.route("/outlines", methods=["GET", "POST"])
@requires(Permission.VIEW)
def index() -> ResponseReturnValue:
    return OUTLINES.respond()


@blueprint.get("/outlines/<int:id>")
@requires(Permission.VIEW)
def show(id: int) -> str:
    """The wording that holds, the earlier ones, and the law it stands on."""
    template = queries.find(id)
    current = queries.current_version(template)
    words = text.wording(current) if current else ""
    return render_template(
        "campaigns/letter/outline.html",
        template=template,
        current=current,
        law=text.law_of(words, today()).values(),
        unconfirmed=text.unconfirmed(words, today()),
        asked=text.Asked.of(current) if current else (),
        paragraphs=text.paragraphs(current.text) if current else (),
        enclosures=[
            {"title": one["title"], "paragraphs": text.paragraphs(one["text"])}
            for one in (current.enclosures if current else ())
        ],
    )


@blueprint.get("/outlines/<int:id>/sample.pdf")
@requires(Permission.VIEW)
def sample(id: int) -> Response:
    """How the wording looks on paper, for an employer that does not exist."""
    current = queries.current_version(queries.find(id))
    if current is None:
        raise NotFound(_("There is no such outline."))
    return Response(queries.sample(current, _reader().branch), mimetype="application/pdf")


@blueprint.route("/outlines/<int:id>/version", methods=["GET", "POST"])
@requires(Permission.WRITE)
def version(id: int) -> ResponseReturnValue:
    """A new wording; the present one stays on record."""
    template = queries.find(id)
    form = VersionForm.of(queries.current_version(template))
    if form.validate_on_submit():
        try:
            services.write_version(template, form.wording, current_actor())
        except DomainError as refusal:
            refusals.take_back(form, refusal)
        else:
            db.session.commit()
            flash(_("Saved."), "success")
            return redirect(url_for(".show", id=id), 303)
    status = 422 if form.is_submitted() else 200
    return render_template("campaigns/letter/version.html", form=form, template=template), status


@blueprint.route("/letterhead", methods=["GET", "POST"])
@requires(Permission.HEAD)
def letterhead() -> ResponseReturnValue:
    """How the reader's branch heads, numbers and posts its letters."""
    branch = _reader().branch
    form = LetterheadForm(obj=queries.letterhead_of(branch))
    if form.validate_on_submit():
        try:
            services.set_letterhead(
                branch,
                form.issuer.data or "",
                form.prefix.data or "",
                form.address.data or "",
                form.postal_code.data or "",
            )
        except DomainError as refusal:
            refusals.take_back(form, refusal)
        else:
            db.session.commit()
            flash(_("Saved. New letters are headed this way."), "success")
            return redirect(url_for(".letterhead"), 303)
    status = 422 if form.is_submitted() else 200
    return render_template("campaigns/letter/letterhead.html", form=form, branch=branch), status
