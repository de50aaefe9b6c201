"""The pages of drafting: write a campaign, see whom it reaches, have it approved."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.accounts.queries import SignedIn
from app.core.db import db
from app.core.errors import DomainError
from app.core.permissions import requires
from app.core.workflow.acts import demand
from app.core.workflow.engine import available, history
from campaigns.channels.sms.models import SmsVersion
from campaigns.drafting import queries, services
from campaigns.drafting.content.models import VARIABLES
from campaigns.drafting.content.policy import MESSAGE_CLASS_LABELS, objections
from campaigns.drafting.content.queries import draft_sample, preview, reading
from campaigns.drafting.forms import CONTACT_ORDER_LABELS, ApprovalForm, ReturnForm, SenderForm, WishForm
from campaigns.drafting.letters.queries import samples
from campaigns.drafting.lists import AUDIENCE, CAMPAIGNS
from campaigns.drafting.models import Campaign, CampaignState, Channel, MessageClass
from campaigns.drafting.policy import Permission, cost_of, needs_head
from campaigns.drafting.steps.policy import CONDITION_LABELS, KIND_LABELS
from campaigns.drafting.templates import queries as templates
from campaigns.drafting.times.queries import terms_of, through_at
from campaigns.drafting.workflow import CAMPAIGN

blueprint = Blueprint("drafting", __name__, url_prefix="/campaigns")


def _reader() -> SignedIn:
    return cast(SignedIn, current_user._get_current_object())


def _show(campaign_id: int) -> ResponseReturnValue:
    return redirect(url_for("drafting.show", id=campaign_id), 303)


@blueprint.route("", methods=["GET", "POST"])
@requires(Permission.VIEW)
def index() -> ResponseReturnValue:
    """The campaigns in the reader's reach."""
    return CAMPAIGNS.respond()


@blueprint.route("/<int:id>/audience", methods=["GET", "POST"])
@requires(Permission.VIEW)
def audience(id: int) -> ResponseReturnValue:
    """Everybody in the audience, with the reason of those who get nothing."""
    campaign = queries.find(id, _reader())
    return AUDIENCE.respond(campaign, campaign=campaign, back=url_for("drafting.show", id=id))


@blueprint.get("/<int:id>/reading")
@requires(Permission.VIEW)
def one_reads(id: int) -> ResponseReturnValue:
    """What one of the audience (`member` in the address) reads; of a letter, on paper."""
    campaign = queries.find(id, _reader())
    member = request.args.get("member", 0, type=int)
    if campaign.channel is Channel.LETTER:
        return redirect(url_for("letter_drafts.paper", id=id, member=member))
    page = {"campaign": campaign, "reading": reading(campaign, member), "labels": queries.EXCLUSION_LABELS}
    return render_template("campaigns/drafting/reading.html", **page)


@blueprint.get("/new")
@requires(Permission.DRAFT)
def new() -> ResponseReturnValue:
    """An empty form; `segment` and `template` in the address fill in where it came from."""
    version = _version()
    form = WishForm.of(version, segment_id=request.args.get("segment", type=int))
    form.offer_segments(_reader())
    if version is not None:
        form.name.data = version.template.name
    return _form_page(form, version=version)


@blueprint.post("/new")
@requires(Permission.DRAFT)
def create() -> ResponseReturnValue:
    version = _version()
    form = WishForm.of(version)
    form.offer_segments(_reader())
    if not form.validate_on_submit():
        return _form_page(form, version=version), 422
    try:
        campaign = services.draft(form.wish(_reader()), _reader(), _reader().branch)
    except DomainError as refusal:
        return _refused(form, refusal, version=version)
    db.session.commit()
    return _show(campaign.id)


@blueprint.get("/<int:id>/edit")
@requires(Permission.DRAFT)
def edit(id: int) -> ResponseReturnValue:
    campaign = queries.find(id, _reader())
    demand(campaign, "edit", _reader())
    if campaign.channel is Channel.LETTER:
        return redirect(url_for("letter_drafts.edit", id=id))
    version = _version(campaign)
    form = WishForm.of(version, obj=campaign, given=campaign.template_values)
    form.offer_segments(_reader(), campaign)
    return _form_page(form, campaign, version)


@blueprint.post("/<int:id>/edit")
@requires(Permission.DRAFT)
def change(id: int) -> ResponseReturnValue:
    campaign = queries.find(id, _reader(), lock=True)
    if campaign.channel is Channel.LETTER:
        raise DomainError(_("This campaign sends letters: change it on its own page."))
    version = _version()
    form = WishForm.of(version)
    form.offer_segments(_reader(), campaign)
    if not form.validate_on_submit():
        return _form_page(form, campaign, version), 422
    try:
        services.revise(campaign, form.wish(_reader(), campaign), _reader())
    except DomainError as refusal:
        return _refused(form, refusal, id, version)
    db.session.commit()
    return _show(id)


def _version(campaign: Campaign | None = None) -> SmsVersion | None:
    """The wording that is asked for; where none is, the one that the campaign has."""
    usual = campaign.template_version_id if campaign else None
    # the form says which it was filled in for; the address, with which it was opened
    said = request.form if "template" in request.form else request.args
    chosen = said.get("template", usual, type=int)
    return templates.version(chosen) if chosen else None


def _refused(
    form: WishForm,
    refusal: DomainError,
    campaign_id: int | None = None,
    version: SmsVersion | None = None,
) -> ResponseReturnValue:
    """The form again, with every objection beside the text; nothing was kept."""
    reasons = refusal.reasons or (refusal.message,)
    db.session.rollback()
    form.template_text.errors = [*form.template_text.errors, *reasons]
    campaign = queries.find(campaign_id, _reader()) if campaign_id else None
    return _form_page(form, campaign, version), 422


def _form_page(form: WishForm, campaign: Campaign | None = None, version: SmsVersion | None = None) -> str:
    return render_template(
        "campaigns/drafting/form.html",
        form=form,
        campaign=campaign,
        version=version,
        variables=VARIABLES.values(),
        templates=templates.offered(),
        sample=_sample(
            form.template_text.data or "",
            form.message_class.data or MessageClass.SERVICE,
            version,
            form.values,
        ),
    )


@blueprint.post("/wording")
@requires(Permission.DRAFT)
def choose() -> str:
    """The form with another wording (`choose` in the address; 0: none) and all that was typed in it."""
    campaign_id = request.args.get("campaign", 0, type=int)
    campaign = queries.find(campaign_id, _reader()) if campaign_id else None
    chosen = request.args.get("choose", 0, type=int)
    version = templates.version(chosen) if chosen else None
    form = WishForm.of(version, given=campaign.template_values if campaign else None)
    form.offer_segments(_reader(), campaign)
    if version is not None and not form.name.data:
        form.name.data = version.template.name
    return _form_page(form, campaign, version)


@blueprint.get("/wording")
@requires(Permission.DRAFT)
def wording() -> str:
    """While the author writes: how the text will look, how long it is, and what is wrong with it."""
    args = request.args
    version = _version()
    text = version.text if version else args.get("template_text", "")
    given = {name.removeprefix("value:"): value for name, value in args.items() if name.startswith("value:")}
    kind = version.template.message_class if version else args.get("message_class", MessageClass.SERVICE)
    return render_template("campaigns/drafting/sample.html", sample=_sample(text, kind, version, given))


def _sample(text: str, message_class: str, version: SmsVersion | None, given: Mapping[str, str]) -> Any:
    kind = MessageClass(message_class) if message_class in set(MessageClass) else MessageClass.SERVICE
    sender = queries.sender_of(_reader().branch)
    return draft_sample(text, kind, sender, _reader().branch_name, version, given)


@blueprint.get("/<int:id>/draft")
@requires(Permission.VIEW)
def show(id: int) -> str:
    """Everything an approver has to see on one page."""
    campaign = queries.find(id, _reader())
    faults = objections(campaign)
    return render_template(
        "campaigns/drafting/show.html",
        campaign=campaign,
        workflow=CAMPAIGN,
        steps={option.transition.name: option for option in available(CAMPAIGN, campaign, _reader())},
        criteria=queries.criteria_sentence(campaign.criteria, campaign.created_by),
        exclusions=queries.exclusions(id),
        labels=queries.EXCLUSION_LABELS,
        faults=faults,
        preview=None if faults or campaign.channel is Channel.LETTER else preview(campaign),
        samples=samples(campaign) if campaign.channel is Channel.LETTER else (),
        cost=cost_of(campaign),
        through_at=_through_at(campaign),
        history=history(CAMPAIGN, id),
        approval=ApprovalForm(formdata=None, seen=services.seal(campaign)),
        returning=ReturnForm(formdata=None),
        head_needed=needs_head(campaign),
        class_label=MESSAGE_CLASS_LABELS[campaign.message_class],
        order_label=CONTACT_ORDER_LABELS.get(campaign.contact_order, _("The employer itself")),
        step_kinds=KIND_LABELS,
        step_conditions=CONDITION_LABELS,
    )


def _through_at(campaign: Campaign) -> datetime | None:
    """When the last SMS would go out if it were launched now; a launched one tells it with its progress."""
    if campaign.launched_at is not None or campaign.channel is Channel.LETTER or not campaign.recipients:
        return None
    return through_at(terms_of(campaign), campaign.recipients)


@blueprint.post("/<int:id>/reckon")
@requires(Permission.DRAFT)
def reckon(id: int) -> ResponseReturnValue:
    campaign = queries.find(id, _reader(), lock=True)
    demand(campaign, "reckon", _reader())
    changed = services.reckon_again(campaign)
    db.session.commit()
    flash(_("The audience has changed.") if changed else _("The audience is still the same."), "info")
    return _show(id)


@blueprint.post("/<int:id>/submit")
@requires(Permission.DRAFT)
def submit(id: int) -> ResponseReturnValue:
    services.submit(queries.find(id, _reader(), lock=True), _reader())
    db.session.commit()
    flash(_("Submitted: a second person can approve it now."), "success")
    return _show(id)


@blueprint.post("/<int:id>/approve")
@requires(Permission.APPROVE)
def approve(id: int) -> ResponseReturnValue:
    """The audience is reckoned once more; if it moved since the page was shown, it is shown again instead."""
    campaign = queries.find(id, _reader(), lock=True)
    form = ApprovalForm()
    if not form.validate_on_submit():
        raise DomainError(_("Please open the campaign and look at it before you approve it."))
    if campaign.state is CampaignState.SUBMITTED and services.reckon_again(campaign):
        db.session.commit()
        flash(_("Text or audience changed after you opened the page; please look at it again."), "warning")
        return _show(id)
    services.approve(campaign, _reader(), form.seen.data or "", form.comment.data or "")
    db.session.commit()
    flash(_("Approved. It can be launched now."), "success")
    return _show(id)


@blueprint.post("/<int:id>/return")
@requires(Permission.APPROVE)
def send_back(id: int) -> ResponseReturnValue:
    campaign = queries.find(id, _reader(), lock=True)
    services.send_back(campaign, _reader(), ReturnForm().comment.data or "")
    db.session.commit()
    flash(_("Returned to its author."), "success")
    return _show(id)


@blueprint.post("/<int:id>/discard")
@requires(Permission.DRAFT)
def discard(id: int) -> ResponseReturnValue:
    services.discard(queries.find(id, _reader(), lock=True), _reader())
    db.session.commit()
    flash(_("The campaign is discarded."), "success")
    return _show(id)


@blueprint.get("/sender")
@requires(Permission.CONFIGURE)
def sender() -> str:
    current = queries.sender_of(_reader().branch)
    return render_template("campaigns/drafting/sender.html", form=SenderForm(obj=current), current=current)


@blueprint.post("/sender")
@requires(Permission.CONFIGURE)
def set_sender() -> ResponseReturnValue:
    form = SenderForm()
    if not form.validate_on_submit():
        current = queries.sender_of(_reader().branch)
        return render_template("campaigns/drafting/sender.html", form=form, current=current), 422
    services.set_sender(_reader().branch, form.signature.data or "", form.phone.data or "", form.price.data)
    db.session.commit()
    flash(_("Saved. New campaigns sign this way."), "success")
    return redirect(url_for("drafting.sender"), 303)
