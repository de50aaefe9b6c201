"""Forgetting what hangs on no record any more."""

from app.attachments import queries, services
from app.core.jobs import enqueue, job


@job()
def discard(sha256: str) -> None:
    services.discard(sha256)


@job(timeout=3600)
def sweep() -> None:
    """Finds contents that nothing refers to, files that the database does not know, and old drafts."""
    services.clear_drafts()
    for sha256 in {*queries.unreferenced(), *queries.strays()}:
        enqueue(discard, sha256)
