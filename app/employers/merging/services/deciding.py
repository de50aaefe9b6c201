"""What a person says about a pair."""

from flask_babel import lazy_gettext as _l

from app.audit import services as audit
from app.core.db import db
from app.core.language.i18n import msgid
from app.core.merging import pairing
from app.core.permissions import Actor
from app.employers.merging.models import DuplicatePair

SAY_WHY = _l("Say why these are two employers, so that nobody has to find out again.")


def keep_apart(pair: DuplicatePair, reason: str, actor: Actor) -> None:
    """Two employers after all; the job does not ask again."""
    pairing.keep_apart(pair, reason, actor, SAY_WHY)
    names = {"first": pair.first.name, "second": pair.second.name}
    audit.record(msgid("Two employers kept apart"), pair.first, details={**names, "reason": pair.reason})
    db.session.flush()
