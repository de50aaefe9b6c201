"""A campaign brought through drafting, approval and launch, its ledger planned."""

from app.accounts.models import User
from app.core.db import db
from app.core.permissions import Role
from campaigns.drafting import services
from campaigns.drafting.models import Campaign, ContactOrder, MessageClass
from campaigns.ledger.services import controlling, planning
from tests.factories import create_user

TEXT = "{handler}您好，{employer}欠缴{months}个月，请尽快补缴。详情：{link} 咨询{phone}"


def approved_campaign(author: User, text: str = TEXT) -> Campaign:
    """To every employer in the author's reach; approved by the branch head."""
    wish = services.Wish(
        name="九月催缴",
        segment_id=None,
        criteria={"match": "all", "rules": []},
        message_class=MessageClass.SERVICE,
        template_text=text,
        deadline=None,
        contact_order=ContactOrder.HANDLER_FIRST,
        frequency_days=0,
    )
    campaign = services.draft(wish, author, author.branch)
    services.submit(campaign, author)
    head = create_user(Role.BRANCH_HEAD, branch=author.branch)
    services.approve(campaign, head, services.seal(campaign))
    return campaign


def launched_campaign(author: User, text: str = TEXT) -> Campaign:
    """Every message is planned, none is sent yet."""
    campaign = approved_campaign(author, text)
    controlling.launch(campaign.id, None)
    after: int | None = 0
    while after is not None:
        after = planning.plan_chunk(campaign, after)
    db.session.commit()
    return campaign
