"""What other agencies do for the employer in the same go (一件事)."""

from collections.abc import Mapping
from datetime import date

from flask_babel import lazy_gettext as _l

from app.core.clock import today
from app.core.code_tables import codes
from app.core.db import db
from app.core.errors import DomainError
from app.core.permissions import Actor
from app.core.workflow.acts import demand
from app.lifecycle.onboarding import queries
from app.lifecycle.onboarding.models import BundleStep, Opening
from app.lifecycle.onboarding.policy import BUNDLE


def tick(opening: Opening, done: Mapping[str, date], actor: Actor) -> None:
    """What other agencies have done by now; what is not named any more is taken off."""
    demand(opening, "tick_bundle", actor)
    if any(day > today() for day in done.values()):
        raise DomainError(_l("The day lies in the future."))
    known = queries.bundle_of(opening.id)
    for code, step in known.items():
        if code not in done:
            db.session.delete(step)
    for code, day in done.items():
        if code in known:
            known[code].done_on = day
        elif code in codes(BUNDLE):
            db.session.add(BundleStep(opening_id=opening.id, code=code, done_on=day, by_id=actor.id))
    db.session.flush()
