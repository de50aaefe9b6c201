"""Making employers found that nobody indexed: after an upgrade, or rows written past the application."""

from app.core.db import db
from app.core.jobs import job
from app.employers.search import services


@job(timeout=3600)
def complete_search() -> None:
    """Indexes the employers that have no search document, some thousand in a transaction."""
    last: int | None = 0
    while last is not None:
        last = services.index_missing(after=last)
        db.session.commit()
