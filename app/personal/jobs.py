"""Every night: what has been kept long enough goes."""

from app.core.db import db
from app.core.features import current_features
from app.core.jobs import enqueue, job
from app.personal import queries, services


@job(timeout=3600)
def carry_out(code: str) -> None:
    """One rule, in small transactions; whatever stops it, the next night goes on."""
    for _done in services.carry_out(queries.rule_named(code)):
        db.session.commit()


@job()
def every_night() -> None:
    """Each rule is a job of its own, so that one that fails keeps no other from being carried out."""
    for rule in current_features().retention.values():
        if queries.set_for(rule)[1]:
            enqueue(carry_out, rule.code)
