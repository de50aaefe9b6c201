"""Campaigns are followed up every few minutes; the database says what is due."""

from app.core.jobs import enqueue, job
from campaigns.following import queries, services


@job(timeout=120)
def follow_all() -> None:
    """Each running campaign with steps, in a job and a transaction of its own."""
    for campaign_id in queries.to_follow():
        enqueue(follow_campaign, campaign_id)


@job(timeout=600)
def follow_campaign(campaign_id: int) -> None:
    """What is due now; more than one portion is left to the next run."""
    for step_id, employer_id in services.follow(campaign_id):
        enqueue(send_letter, step_id, employer_id)


@job(timeout=120)
def send_letter(step_id: int, employer_id: int) -> None:
    """One letter."""
    services.send_letter(step_id, employer_id)
