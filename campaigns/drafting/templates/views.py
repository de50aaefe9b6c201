"""The pages of templates."""

from typing import Any, cast

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.accounts.queries import SignedIn
from app.core.db import db
from app.core.errors import DomainError
from app.core.permissions import requires
from campaigns.channels.letter.models import VARIABLE_KIND_LABELS
from campaigns.channels.sms.models import SmsTemplate, SmsVersion
from campaigns.drafting.content.models import declared
from campaigns.drafting.content.policy import MESSAGE_CLASS_LABELS
from campaigns.drafting.content.queries import DraftSample, draft_sample
from campaigns.drafting.models import MessageClass
from campaigns.drafting.queries import sender_of
from campaigns.drafting.templates import queries, services
from campaigns.drafting.templates.forms import DraftForm, TemplateForm
from campaigns.drafting.templates.lists import TEMPLATES
from campaigns.drafting.templates.policy import Permission, faults, seal

blueprint = Blueprint("templates", __name__, url_prefix="/campaigns/templates")


def _reader() -> SignedIn:
    return cast(SignedIn, current_user._get_current_object())


def _show(template_id: int) -> ResponseReturnValue:
    return redirect(url_for(".show", id=template_id), 303)


@blueprint.route("", methods=["GET", "POST"])
@requires(Permission.VIEW)
def index() -> ResponseReturnValue:
    """Every template."""
    return TEMPLATES.respond()


@blueprint.route("/new", methods=["GET", "POST"])
@requires(Permission.WRITE)
def new() -> ResponseReturnValue:
    """A name, a kind of message and a first text; its variables are asked for next."""
    form = TemplateForm()
    if form.validate_on_submit():
        kind = form.message_class.data
        try:
            made = services.add(form.name.data or "", kind, form.text.data or "", _reader())
        except DomainError as refusal:
            db.session.rollback()
            form.name.errors = [*form.name.errors, refusal.message]
        else:
            db.session.commit()
            return redirect(url_for(".draft", id=made.id), 303)
    status = 422 if form.is_submitted() else 200
    return render_template("campaigns/templates/new.html", form=form), status


@blueprint.get("/<int:id>")
@requires(Permission.VIEW)
def show(id: int) -> str:
    """The wording in use, the draft, and the versions before them."""
    template = queries.find(id)
    current, draft = queries.published(template), queries.draft_of(template)
    shown = current or draft
    return render_template(
        "campaigns/templates/show.html",
        template=template,
        current=current,
        draft=draft,
        shown=shown,
        in_use=queries.in_use(template),
        variables=declared(shown).values(),
        sample=_sample(shown) if shown else None,
        drafted=_sample(draft) if draft and current else None,
        faults=faults(draft) if draft else (),
        seal=seal(draft) if draft else None,
        uses=queries.uses(template),
        kinds=VARIABLE_KIND_LABELS,
        class_label=MESSAGE_CLASS_LABELS[MessageClass(template.message_class)],
    )


def _sample(version: SmsVersion) -> DraftSample:
    sender, kind = sender_of(_reader().branch), MessageClass(version.template.message_class)
    return draft_sample(version.text, kind, sender, _reader().branch_name, version)


@blueprint.route("/<int:id>/draft", methods=["GET", "POST"])
@requires(Permission.WRITE)
def draft(id: int) -> ResponseReturnValue:
    """The draft; without one, the published wording to begin it with."""
    template = queries.find(id)
    form = DraftForm.of(_basis(template))
    if form.validate_on_submit():
        before = set(declared(_basis(template)))
        text, joins = form.text.data or "", bool(form.joins.data)
        written = services.write(template, text, form.said(), _reader(), joins=joins)
        db.session.commit()
        flash(_("Saved as a draft; campaigns go on with the published version."), "success")
        # what is new in the text is asked for at once
        return redirect(url_for(".draft", id=id), 303) if set(declared(written)) - before else _show(id)
    page: dict[str, Any] = {"form": form, "template": template, "basis": _basis(template)}
    page["variables"] = declared(page["basis"]).values()
    page["sample"] = _sample(page["basis"])
    status = 422 if form.is_submitted() else 200
    return render_template("campaigns/templates/draft.html", **page), status


def _basis(template: SmsTemplate) -> SmsVersion:
    return template.versions[0]


@blueprint.post("/<int:id>/publish")
@requires(Permission.WRITE)
def publish(id: int) -> ResponseReturnValue:
    """From now on new campaigns are written with the draft."""
    services.publish(queries.find(id), request.form.get("seen", ""), _reader())
    db.session.commit()
    flash(_("Published. It cannot be changed any more; a change makes a new version."), "success")
    return _show(id)


@blueprint.post("/<int:id>/drop")
@requires(Permission.WRITE)
def drop(id: int) -> ResponseReturnValue:
    """The draft is thrown away."""
    services.drop(queries.find(id))
    db.session.commit()
    flash(_("The draft is thrown away."), "success")
    return _show(id)


@blueprint.post("/<int:id>/retire")
@requires(Permission.WRITE)
def retire(id: int) -> ResponseReturnValue:
    """No longer offered to authors, or again."""
    services.retire(queries.find(id))
    db.session.commit()
    flash(_("Saved."), "success")
    return _show(id)
