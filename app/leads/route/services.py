"""Making the firms of a day of visits tasks of that day."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l

from app.core.clock import today
from app.core.db import db
from app.core.errors import DomainError
from app.core.language.i18n import msgid
from app.core.permissions import Actor
from app.leads.ledger.models import Lead
from app.tasks import services as tasks

KIND = "lead_visit"
VISIT = msgid("Visit the firm: registration")


def put_on_tasks(leads: Sequence[Lead], day: date, actor: Actor) -> int:
    """A task for each firm, due that day and the visitor's.

    Asked again, nothing is doubled: a visit that was planned for another day, or by a colleague, is moved.
    """
    if day < today():
        raise DomainError(_l("The day of visits lies in the past: choose today or later."))
    for lead in leads:
        wanted: dict[str, Any] = {"owner_id": actor.id, "source": (KIND, lead.id), "actor": actor}
        task = tasks.open_task(KIND, VISIT, day, employer=lead.employer, again=True, **wanted)
        if task.due_on != day:
            task.first_due_on = task.first_due_on or task.due_on
        task.due_on, task.owner_id = day, actor.id
    db.session.flush()
    return len(leads)
