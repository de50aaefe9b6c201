"""Keeping the scores of the data's quality right where no session wrote."""

from sqlalchemy import func, select

from app.core.db import db
from app.core.jobs import job
from app.employers.models import Employer
from app.employers.profile import services

#: ids in a transaction: nobody waits long for the writer's place
CHUNK = 5000


@job(timeout=3600)
def refresh_quality() -> None:
    """Reckons the scores of all employers anew, and writes those that differ."""
    last = db.session.scalar(select(func.max(Employer.id))) or 0
    for first in range(1, last + 1, CHUNK):
        services.refresh_quality(first, first + CHUNK - 1)
        db.session.commit()
