"""What a person says about a pair."""

from flask_babel import lazy_gettext as _l

from app.audit import services as audit
from app.core.clock import now
from app.core.db import db
from app.core.errors import Conflict, DomainError
from app.core.i18n import msgid
from app.core.permissions import Actor
from app.employers.merging.models import DuplicatePair, PairState


def keep_apart(pair: DuplicatePair, reason: str, actor: Actor) -> None:
    """Two employers after all; the job does not ask again."""
    if pair.state is not PairState.OPEN:
        raise Conflict(_l("This pair was decided on already."))
    if not reason.strip():
        raise DomainError(_l("Say why these are two employers, so that nobody has to find out again."))
    pair.state, pair.reason = PairState.DISTINCT, reason.strip()
    pair.decided_by_id, pair.decided_at = actor.id, now()
    names = {"first": pair.first.name, "second": pair.second.name}
    audit.record(msgid("Two employers kept apart"), pair.first, details={**names, "reason": pair.reason})
    db.session.flush()


def reopen(pair: DuplicatePair, _actor: Actor) -> None:
    """Somebody doubts the decision: the pair is looked at again."""
    if pair.state is not PairState.DISTINCT:
        raise Conflict(_l("Only a pair that was kept apart can be opened again."))
    pair.state, pair.reason, pair.decided_by_id, pair.decided_at = PairState.OPEN, "", None, None
    db.session.flush()
