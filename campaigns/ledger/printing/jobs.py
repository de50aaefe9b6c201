"""Print batches in the background. Running one twice changes nothing."""

from app.core.jobs import enqueue, job
from campaigns.ledger.printing import queries, services


@job(timeout=300)
def form(campaign_id: int) -> None:
    """Put made letters into batches, then have the documents put together."""
    for batch_id in services.form(campaign_id):
        enqueue(bind, batch_id)


@job(timeout=600)
def bind(batch_id: int) -> None:
    """Put the document of a batch together."""
    services.bind(batch_id)


def wake_all() -> None:
    """What the queue lost: letters in no batch, batches without a document."""
    for campaign_id in queries.to_form():
        enqueue(form, campaign_id)
    for batch_id in queries.to_bind():
        enqueue(bind, batch_id)
