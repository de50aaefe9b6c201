"""Bringing the worklist up to date, and what a person says about a pair."""

from flask_babel import lazy_gettext as _l

from app.audit import services as audit
from app.core.db import db
from app.core.language.i18n import msgid
from app.core.merging import pairing
from app.core.permissions import Actor
from app.employers.doubles.models import ContactPair
from app.employers.doubles.queries import found_pairs

SAY_WHY = _l("Say why these are two persons, so that nobody has to find out again.")


def refresh() -> int:
    """Weighs every pair anew; gives how many are open. Running it twice changes nothing."""
    return pairing.store(ContactPair, found_pairs())


def keep_apart(pair: ContactPair, reason: str, actor: Actor) -> None:
    """Two persons after all; the job does not ask again."""
    pairing.keep_apart(pair, reason, actor, SAY_WHY)
    audit.record(
        msgid("Two persons kept apart"),
        pair.first,
        details={"first": pair.first_id, "second": pair.second_id, "reason": pair.reason},
    )
    db.session.flush()
