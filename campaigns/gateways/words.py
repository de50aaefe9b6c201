"""Words that gateways refuse: rows that the department edits, found before a provider finds them."""

import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.core.db import db
from app.core.errors import Conflict, DomainError, NotFound
from campaigns.gateways import registry
from campaigns.gateways.models import GatewayAccount, GatewayWord


def plain(text: str) -> str:
    """As providers look at a text: whatever width and case, and with what was put between the characters."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(character for character in folded if character.isalnum())


class Refused(NamedTuple):
    """A word as it is listed, and as texts are searched for it."""

    word: str
    plain: str


def refused() -> tuple[Refused, ...]:
    """What at least one of the gateways in use refuses: any of them may carry a message."""
    enabled = select(GatewayAccount.code).where(GatewayAccount.enabled)
    built_in = ~select(GatewayAccount.id).exists()
    used = (
        (GatewayWord.gateway == "")
        | GatewayWord.gateway.in_(enabled)
        | ((GatewayWord.gateway == registry.BUILT_IN) & built_in)
    )
    query = select(GatewayWord.word).where(used).order_by(GatewayWord.word).distinct()
    return tuple(Refused(word, plain(word)) for word in db.session.scalars(query))


def found(text: str, words: Iterable[Refused]) -> list[str]:
    """Those of the words that stand in the text."""
    looked_at = plain(text)
    return [one.word for one in words if one.plain in looked_at]


def objections(text: str) -> list[Any]:
    """The words in a text that a gateway refuses, each named."""
    return [
        _l("The gateway refuses the word “%(word)s”: say it in another way.", word=word)
        for word in found(text, refused())
    ]


def listed() -> Sequence[GatewayWord]:
    """Every word, by gateway and word."""
    return db.session.scalars(select(GatewayWord).order_by(GatewayWord.gateway, GatewayWord.word)).all()


def forbid(word: str, gateway: str, note: str) -> GatewayWord:
    """A word that texts may not hold from now on. Conflict where it is listed."""
    word = " ".join(word.split())
    if not plain(word):
        raise DomainError(_l("Give the word that the gateway refuses."))
    if gateway and gateway not in registry.names():
        raise NotFound(_l("There is no such gateway."))
    there = select(GatewayWord.id).where(GatewayWord.gateway == gateway, GatewayWord.word == word)
    if db.session.scalar(there) is not None:
        raise Conflict(_l("This word is in the list already."))
    made = GatewayWord(word=word, gateway=gateway, note=note.strip())
    db.session.add(made)
    db.session.flush()
    return made


def allow(word_id: int) -> None:
    """The word may be used again. Raises NotFound."""
    word = db.session.get(GatewayWord, word_id)
    if word is None:
        raise NotFound(_l("This word is not in the list."))
    db.session.delete(word)
    db.session.flush()
