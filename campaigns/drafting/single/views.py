"""The ways to send a record to its employer, on the record's page."""

from typing import cast

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.accounts.queries import SignedIn
from app.attachments.queries import kind_named
from app.core.db import db
from app.core.errors import DomainError
from app.core.permissions import current_actor, requires
from campaigns.drafting.lists import address
from campaigns.drafting.models import Channel
from campaigns.drafting.policy import Permission
from campaigns.drafting.queries import CHANNEL_LABELS
from campaigns.drafting.single import queries, services
from campaigns.drafting.workflow import CAMPAIGN

blueprint = Blueprint("single", __name__, url_prefix="/campaigns/single")


@blueprint.get("/<kind>/<int:record_id>")
@requires(Permission.VIEW)
def ways(kind: str, record_id: int) -> str:
    """For htmx the part alone, else as a page."""
    record = queries.record(kind, record_id, current_actor())
    known = kind_named(kind)
    part = "campaigns/single/_ways.html" if "HX-Request" in request.headers else "campaigns/single/ways.html"
    return render_template(
        part,
        kind=kind,
        record_id=record_id,
        title=known.title(record),
        back=known.url(record_id),
        label=known.label,
        campaigns=queries.sent(kind, record_id, current_actor()),
        workflow=CAMPAIGN,
        channels=CHANNEL_LABELS,
        address=address,
        sendable=queries.sendable(kind),
        circles=queries.circles(queries.sendable(kind), record),
    )


@blueprint.post("/<kind>/<int:record_id>/send")
@requires(Permission.DRAFT)
def send(kind: str, record_id: int) -> ResponseReturnValue:
    """Drafts the campaign and shows it; it goes out as any other, after somebody else's approval."""
    record = queries.record(kind, record_id, current_actor())
    if (channel := request.form.get("channel", "")) not in set(Channel):
        raise DomainError(_("Choose SMS or letter."))
    actor = cast(SignedIn, current_user._get_current_object())
    sendable = queries.sendable(kind)
    circle = queries.circle(sendable, record, request.form.get("circle", "")[:20])
    campaign = services.draft(sendable, record, Channel(channel), actor, actor.branch, circle)
    db.session.commit()
    flash(_("Look at it and submit it: it goes out once somebody else has approved it."), "info")
    return redirect(url_for("drafting.show", id=campaign.id), 303)
