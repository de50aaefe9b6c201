"""The pages of a campaign by letter: choose an outline, fill it in, look at it on paper."""

from typing import cast

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from flask_wtf import FlaskForm

from app.accounts.queries import SignedIn
from app.core.db import db
from app.core.errors import DomainError, NotFound
from app.core.permissions import current_actor, requires
from app.core.workflow.acts import demand
from campaigns.channels.letter import queries as outlines
from campaigns.channels.letter.issued.forms import filled_in
from campaigns.channels.letter.models import LetterVersion
from campaigns.drafting import queries
from campaigns.drafting.letters import services
from campaigns.drafting.letters.forms import asked, campaign_form, offer_segments, typed_again, wish_of
from campaigns.drafting.letters.queries import on_paper
from campaigns.drafting.models import Campaign
from campaigns.drafting.policy import Permission

blueprint = Blueprint("letter_drafts", __name__, url_prefix="/campaigns")


@blueprint.get("/letters/new")
@requires(Permission.DRAFT)
def choose() -> str:
    """Which outline; `segment` in the address goes along."""
    return render_template(
        "campaigns/drafting/letter_outlines.html",
        outlines=outlines.offered(),
        segment=request.args.get("segment", type=int),
    )


@blueprint.route("/letters/new/<code>", methods=["GET", "POST"])
@requires(Permission.DRAFT)
def new(code: str) -> ResponseReturnValue:
    """To whom, and what the outline asks for."""
    found = next((one for one in outlines.offered() if one.code == code), None)
    version = outlines.current_version(found) if found else None
    if version is None:
        raise NotFound(_l("There is no such outline."))
    return _form_page(version, None)


@blueprint.route("/<int:id>/letter/edit", methods=["GET", "POST"])
@requires(Permission.DRAFT)
def edit(id: int) -> ResponseReturnValue:
    """The wording that holds today; an earlier one stays only while nobody changes the campaign."""
    campaign = queries.find(id, current_actor(), lock=request.method == "POST")
    demand(campaign, "edit", current_actor())
    if campaign.letter_version is None:
        raise NotFound(_l("This campaign sends no letters."))
    version = outlines.current_version(campaign.letter_version.template) or campaign.letter_version
    return _form_page(version, campaign)


@blueprint.get("/<int:id>/letter.pdf")
@requires(Permission.VIEW)
def paper(id: int) -> Response:
    """The letter to one of the audience (`member` in the address), marked as a sample."""
    campaign = queries.find(id, current_actor())
    made = on_paper(campaign, request.args.get("member", type=int))
    return Response(made, mimetype="application/pdf")


def _form_page(version: LetterVersion, campaign: Campaign | None) -> ResponseReturnValue:
    known = (
        typed_again(version, campaign) if campaign else {"segment_id": request.args.get("segment", type=int)}
    )
    form = campaign_form(version)(obj=campaign, **known)
    offer_segments(form, current_actor(), campaign)
    if form.validate_on_submit() and (saved := _save(form, version, campaign)) is not None:
        return redirect(url_for("drafting.show", id=saved.id), 303)
    page = render_template(
        "campaigns/drafting/letter_form.html", form=form, campaign=campaign, version=version,
        asked=[form[one.name] for one in asked(version)],
    )  # fmt: skip
    return page, 422 if form.is_submitted() else 200


def _save(form: FlaskForm, version: LetterVersion, campaign: Campaign | None) -> Campaign | None:
    """Drafted or changed; None with every objection beside the name when it cannot be."""
    given = filled_in(form, asked(version))
    if given is None:
        return None
    actor = cast(SignedIn, current_user._get_current_object())
    try:
        wish = wish_of(form, version, given, actor, campaign)
        if campaign is None:
            campaign = services.draft(wish, actor, actor.branch)
        else:
            services.revise(campaign, wish, actor)
        db.session.commit()
    except DomainError as refusal:
        db.session.rollback()
        form["name"].errors = [*form["name"].errors, *(refusal.reasons or (refusal.message,))]
        return None
    return campaign
