"""Who sees print batches. What is done with them is what is done with letters: `letters:follow`."""

from sqlalchemy import ColumnElement

from app.accounts.policy import in_scope
from app.core.permissions import Actor
from campaigns.ledger.printing.models import PrintBatch


def visible_to(actor: Actor | None) -> ColumnElement[bool]:
    """The batches of the branches the actor reaches; within own scope, of the actor's own campaigns."""
    return in_scope(actor, PrintBatch.branch_id, PrintBatch.by_id)
