"""The database writes and counts the very text that is written for one message alone."""

from typing import Any

from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import literal, select

from app.core.db import db
from app.core.errors import DomainError
from app.core.permissions import Role
from campaigns.channels.sms import text as sms
from campaigns.channels.sms import text_in_sql
from campaigns.channels.sms.text import OPT_OUT_NOTICE
from campaigns.drafting.content.queries import final_text, written_text
from campaigns.drafting.models import AudienceMember, Campaign, MessageClass
from tests.campaigns.sending import create_member
from tests.factories import create_campaign, create_user

LINK = "https://example.org/n/0123456789abcdef"
#: PostgreSQL stores no NUL, and UTF-8 no half of a pair
WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40)
AWKWARD = st.sampled_from(
    ["{phone}", "%s", "%(x)s", "'", "\\", "你好🎉", OPT_OUT_NOTICE, OPT_OUT_NOTICE.lower(), ""]
)
VALUES = st.dictionaries(st.sampled_from(["handler", "employer", "phone"]), WORDS | AWKWARD)
TEMPLATES = st.lists(WORDS | AWKWARD | st.sampled_from(["{handler}", "{employer}", "{link}"]), max_size=6)


def test_it_is_the_same_text_in_as_many_segments(app: Flask) -> None:
    campaign = create_campaign(create_user(Role.MANAGER))
    member = create_member(campaign, "13900000001")

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(TEMPLATES, VALUES, st.sampled_from(MessageClass))
    def holds(parts: list[str], values: dict[str, str], kind: MessageClass) -> None:
        campaign.template_text, campaign.message_class, member.variables = "".join(parts), kind, values
        db.session.flush()
        assert _by_the_database(campaign) == _alone(campaign, values)

    holds()


def _by_the_database(campaign: Campaign) -> tuple[Any, ...]:
    text = written_text(campaign, AudienceMember.__table__.c.variables, literal(LINK))
    row = db.session.execute(select(text, text_in_sql.segments(text))).one()
    return tuple(row) if row[0] is not None else (None, 0)


def _alone(campaign: Campaign, values: dict[str, str]) -> tuple[Any, ...]:
    try:
        text = final_text(campaign, values, LINK)
    except DomainError:
        return None, 0
    return text, sms.segments(text)
