"""The manifest of drafting."""

from flask import Flask
from flask_babel import lazy_gettext as _l

from app.core import signals
from app.core.features import Feature, NavItem, TimelineKind
from app.core.files.attachable import RecordKind
from app.core.finds import SearchKind
from app.core.handing_over import Matter
from app.core.merging.moving import PEOPLE, Mover
from app.core.searching import rows_of
from campaigns.drafting.lists import CAMPAIGNS, START
from campaigns.drafting.models import Campaign, CampaignState
from campaigns.drafting.policy import (
    GRANTS,
    HEAD_ABOVE_COST,
    HEAD_ABOVE_RECIPIENTS,
    SERVICE_TO_ALL,
    Permission,
    visible_to,
)
from campaigns.drafting.queries import campaign_under_way
from campaigns.drafting.services import uses_of
from campaigns.drafting.views import blueprint
from campaigns.drafting.workflow import CAMPAIGN


def watch_segments(_app: Flask) -> None:
    """A segment that an open campaign follows cannot be deleted."""
    signals.segment_deleting.connect(uses_of)


feature = Feature(
    name="drafting",
    employer_criteria=(Campaign.criteria,),
    matters=(
        Matter(
            "campaigns",
            _l("Campaigns in draft"),
            Campaign,
            Campaign.created_by_id,
            lambda: Campaign.state == CampaignState.DRAFT,
            Campaign.name,
            endpoint="drafting.show",
        ),
    ),
    blueprint=blueprint,
    navigation=(
        NavItem(_l("Campaigns"), "drafting.index", Permission.VIEW, "megaphone", "outreach", 30),
        NavItem(_l("Signature and price"), "drafting.sender", Permission.CONFIGURE, "pen", "outreach", 90),
    ),
    grants=GRANTS,
    options=(SERVICE_TO_ALL, HEAD_ABOVE_RECIPIENTS, HEAD_ABOVE_COST),
    workflows=(CAMPAIGN,),
    record_kinds=(
        RecordKind(
            "campaign",
            _l("Campaign"),
            Campaign,
            visible_to,
            view=Permission.VIEW,
            attach=Permission.DRAFT,
            remove=Permission.DRAFT,
            employer_id=lambda _campaign: None,
            title=lambda campaign: campaign.name,
            endpoint="drafting.show",
        ),
    ),
    search=(
        SearchKind(
            "campaigns",
            _l("Campaigns"),
            "drafting.index",
            rows_of(CAMPAIGNS, "name", about=("state", "created_by")),
            order=30,
        ),
    ),
    employer_actions=(START,),
    timeline_kinds=(TimelineKind("campaign", _l("Campaign"), "megaphone", Permission.VIEW),),
    movers=(
        Mover(
            "audience_members",
            _l("Audiences"),
            stays=_l("An audience stays as it was approved."),
            obstacle=campaign_under_way,
        ),
        Mover(
            "audience_members",
            _l("Audiences"),
            "contact_id",
            stays=_l("An audience stays as it was approved."),
            of=PEOPLE,
        ),
        Mover(
            "audience_removals",
            _l("Audiences"),
            stays=_l("An audience stays as it was approved."),
        ),
        Mover("campaigns", _l("Campaigns"), "segment_id", stays=_l("It refers to segments.")),
    ),
    init=watch_segments,
)
