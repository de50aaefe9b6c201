"""Forgetting what hangs on no record any more."""

from collections.abc import Sequence

from sqlalchemy import delete, select

from app.attachments import queries, services
from app.attachments.models import Attachment
from app.core.db import db
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


def forget_lists(ids: Sequence[int]) -> int:
    """Takes lists of people off their records, which tell that they were there."""
    services.tell_outdated(db.session.scalars(select(Attachment).where(Attachment.id.in_(ids))).all())
    return forget(ids)


def forget(ids: Sequence[int]) -> int:
    """Takes files off records; a content that hangs nowhere else is discarded afterwards."""
    hashes = db.session.scalars(select(Attachment.sha256).where(Attachment.id.in_(ids))).all()
    db.session.execute(delete(Attachment).where(Attachment.id.in_(ids)))
    for sha256 in set(hashes):
        enqueue(discard, sha256)
    db.session.expire_all()
    return len(hashes)
