"""The synthetic department has followed up whoever its last campaign did not reach."""

from app.core.db import db
from app.core.demo import Demo
from campaigns.following import queries, services


def load(_demo: Demo) -> None:
    """The steps were approved with the campaigns; some days have passed since."""
    for campaign_id in queries.to_follow():
        services.follow(campaign_id)
    db.session.flush()
