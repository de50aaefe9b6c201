"""Judging all firms without an account: every night, and when a rule was changed."""

from app.core.db import db
from app.core.jobs import job
from app.leads.eligibility import services


@job(timeout=1800)
def judge_all() -> None:
    """In small transactions, so that nobody waits for it."""
    for _first in services.judge_all():
        db.session.commit()
