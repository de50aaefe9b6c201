"""The campaign's page after its launch: it moves by itself and ends with a balance that adds up."""

from datetime import timedelta
from typing import Any

from flask import Blueprint, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement

from app.audit import services as audit
from app.core.clock import local, now, today
from app.core.errors import NotFound
from app.core.language.i18n import msgid
from app.core.permissions import current_actor, requires
from app.core.sheets.workbooks import MEDIA_TYPE, workbook_bytes
from app.core.workflow.engine import available, history
from campaigns.channels.letter.issued.models import Letter, LetterState
from campaigns.channels.sms import text as sms
from campaigns.drafting.models import Campaign, CampaignState, CampaignStep, Channel, StepKind
from campaigns.drafting.policy import Permission
from campaigns.drafting.queries import EXCLUSION_LABELS, find
from campaigns.drafting.workflow import CAMPAIGN
from campaigns.following.lists import TAKEN
from campaigns.following.models import StepRun
from campaigns.gateways.codes import FAILURES, HOLDS
from campaigns.ledger import queries as ledger
from campaigns.ledger.letters.policy import REASONS as LETTER_REASONS
from campaigns.ledger.models import Message
from campaigns.ledger.printing.queries import of_campaign
from campaigns.ledger.printing.workflow import PRINT_BATCH
from campaigns.ledger.timing import queries as timing
from campaigns.ledger.workflow import LABELS, LETTER_LABELS
from campaigns.results import queries
from campaigns.results.effect.policy import asked_days
from campaigns.results.effect.queries import VERDICTS, effects, employers_that_acted, people
from campaigns.results.effect.queries import acted as acted_within
from campaigns.results.lists import LETTERS, MESSAGES

blueprint = Blueprint("results", __name__, url_prefix="/campaigns")

#: htmx stops asking when it is answered with this.
STOP_POLLING = 286

OVER = (CampaignState.FINISHED, CampaignState.CANCELLED)


@blueprint.get("/<int:id>")
@requires(Permission.VIEW)
def show(id: int) -> ResponseReturnValue:
    """The campaign as it stands; one that was never launched is shown as a draft."""
    campaign = find(id, current_actor())
    if campaign.launched_at is None:
        return redirect(url_for("drafting.show", id=id))
    return render_template(
        "campaigns/results/show.html", history=history(CAMPAIGN, id), oob=False, **_figures(campaign)
    )


@blueprint.get("/<int:id>/live")
@requires(Permission.VIEW)
def live(id: int) -> ResponseReturnValue:
    """The part of the page that moves; the answer that nothing moves any more also ends the asking."""
    campaign = find(id, current_actor())
    figures = _figures(campaign)
    changed = request.args.get("shown", "") != campaign.state
    page = render_template("campaigns/results/moving.html", oob=changed, **figures)
    return page, 200 if figures["moving"] else STOP_POLLING


@blueprint.get("/<int:id>/effect")
@requires(Permission.VIEW)
def effect(id: int) -> str:
    """Those messaged beside those held out, for the campaign's page; `days` looks at another span."""
    campaign, days = _with_hold_out(id), asked_days()
    launched = campaign.launched_at or now()
    return render_template(
        "campaigns/results/effect.html",
        campaign=campaign,
        days=days,
        over=local(launched).date() + timedelta(days=days) <= today(),
        effects=effects(campaign, days),
        verdicts=VERDICTS,
    )


@blueprint.route("/<int:id>/messages", methods=["GET", "POST"])
@requires(Permission.VIEW)
def messages(id: int) -> ResponseReturnValue:
    """The rows behind the numbers."""
    return _rows(find(id, current_actor()))


@blueprint.route("/<int:id>/acted/<int:days>", methods=["GET", "POST"])
@requires(Permission.VIEW)
def acted(id: int, days: int) -> ResponseReturnValue:
    """Messages of whose employers one did within so many days what the campaign could bring."""
    campaign = find(id, current_actor())
    return _rows(campaign, Message.member_id.in_(acted_within(campaign, days)), queries.SENT)


@blueprint.route("/<int:id>/follow-up/acted/<int:days>", methods=["GET", "POST"])
@requires(Permission.VIEW)
def letters_acted(id: int, days: int) -> ResponseReturnValue:
    """Letters of the follow-up whose employers did one of those deeds."""
    campaign = find(id, current_actor())
    acting = StepRun.employer_id.in_(employers_that_acted(campaign, days))
    conditions = (CampaignStep.kind == StepKind.LETTER, Letter.state != LetterState.VOID, acting)
    return TAKEN.respond(
        campaign, *conditions, campaign=campaign, back=url_for("breakdown.campaign", id=campaign.id)
    )


@blueprint.get("/<int:id>/effect/workbook")
@requires(Permission.VIEW)
def effect_workbook(id: int) -> ResponseReturnValue:
    """The table of the effect: both groups of each deed, their difference and its bounds."""
    campaign, days = _with_hold_out(id), asked_days()
    header = [
        _("What they did"), _("Messaged, did it"), _("Messaged"), _("Share"), _("Held out, did it"),
        _("Held out"), _("Share"), _("Difference"), _("Not below"), _("Not above"), _("What can be said"),
    ]  # fmt: skip
    rows = [
        [
            one.label, one.told.acted, one.told.people, one.told.share, one.held.acted, one.held.people,
            one.held.share, one.difference, one.low, one.high, VERDICTS[one.verdict][0],
        ]
        for one in effects(campaign, days)
    ]  # fmt: skip
    title = _("Effect of %(name)s within %(days)s days", name=campaign.name, days=days)
    content = workbook_bytes(title, header, rows)
    audit.record_now(msgid("Results of campaigns exported"), name=title)
    return send_file(content, mimetype=MEDIA_TYPE, as_attachment=True, download_name=f"{title}.xlsx")


@blueprint.route("/<int:id>/effect/<deed>/<int:days>/<group>", methods=["GET", "POST"])
@requires(Permission.VIEW)
def effect_rows(id: int, deed: str, days: int, group: str) -> ResponseReturnValue:
    """The people behind a number of the effect, one row for each; `group`: told, held, told-did, held-did."""
    campaign = find(id, current_actor())
    held, did = group.startswith("held"), group.endswith("-did")
    return _rows(campaign, Message.member_id.in_(people(campaign, days, deed, held, did)))


def _with_hold_out(id: int) -> Campaign:
    campaign = find(id, current_actor())
    if campaign.launched_at is None or not campaign.hold_out:
        raise NotFound(_l("This campaign held nobody out."))
    return campaign


def _rows(campaign: Campaign, *conditions: ColumnElement[bool]) -> ResponseReturnValue:
    rows = LETTERS if campaign.channel is Channel.LETTER else MESSAGES
    return rows.respond(
        campaign, *conditions, campaign=campaign, back=url_for("results.show", id=campaign.id)
    )


def _figures(campaign: Campaign) -> dict[str, Any]:
    balance = ledger.balance(campaign)
    by_post, funnel = campaign.channel is Channel.LETTER, queries.funnel(campaign.id)
    put_off = timing.PutOff() if by_post else timing.put_off(campaign)
    return {
        "by_post": by_post,
        "letters": balance.letters_by or {},
        "batches": of_campaign(campaign.id) if by_post else (),
        "print_workflow": PRINT_BATCH,
        "campaign": campaign,
        "workflow": CAMPAIGN,
        "balance": balance,
        "funnel": funnel,
        # a letter is one unit of the price, so they need not be summed
        "spent": funnel.sent * campaign.price if by_post else sms.cost(funnel.segments, campaign.price),
        "steps": {o.transition.name: o for o in available(CAMPAIGN, campaign, current_actor())},
        "states": LETTER_LABELS if by_post else LABELS,
        "reasons": EXCLUSION_LABELS,
        "failures": {**FAILURES, **LETTER_REASONS},
        "holds": HOLDS,
        "put_off": put_off,
        "ends_at": timing.ends_at(campaign, balance.progress.planned, put_off),
        "moving": campaign.state not in OVER or balance.progress.open > 0,
    }
