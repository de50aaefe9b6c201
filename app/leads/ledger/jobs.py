"""Putting the ledger in order: every night, and when its order was set anew."""

from typing import Any

from app.core import signals
from app.core.db import db
from app.core.jobs import enqueue, job
from app.leads.ledger import services
from app.leads.ledger.policy import NEW_MONTHS, ORDER


@job(timeout=3600)
def put_in_order() -> None:
    """Goes through the ledger in small transactions, so that nobody waits for it."""
    for _first in services.refresh_all():
        db.session.commit()


@signals.options_set.connect
def _follow_options(_sender: object, options: list[Any]) -> None:
    """Another order, or another age of new firms: every lead stands anew."""
    if {ORDER, NEW_MONTHS}.intersection(options):
        enqueue(put_in_order)
