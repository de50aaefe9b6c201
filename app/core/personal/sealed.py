"""Personal data that the database holds only sealed, and finds again only by a keyed hash.

A column of the type `SealedText("people.id_number")` holds a `Sealed`. It is loaded, copied and written
without any key; only `opened` and `masked` need one. Beside it stands a text column, named so with `_index`:

    contact.id_number, contact.id_number_index = sealed_with_index(number, ID_NUMBER)
    select(Contact).where(Contact.id_number_index.in_(indexes(number, ID_NUMBER)))
"""

import base64
import binascii
import hashlib
import hmac
import os
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Dialect, String
from sqlalchemy.types import TypeDecorator

from app.core.personal.keys import FOREIGN, Key, KeysRefused, current_key, key, proven_keys

#: what ID numbers are sealed and found by
ID_NUMBER = "id_number"
#: the written form: this word, the number of the key, and nonce with ciphertext, joined by dots
FORM = "pd1"
NONCE = 12
HIDDEN = "*" * 18


@dataclass(frozen=True, slots=True, repr=False)
class Sealed:
    """A value that only its key opens. Its text and `repr` say nothing, so that no log or message does."""

    token: str
    purpose: str

    @property
    def opened(self) -> str:
        """The value in full. KeysRefused without the right key."""
        form, number, body = self.token.split(".")
        if form != FORM:
            raise KeysRefused(FOREIGN)
        secret = key(int(number)).derived(f"seal {self.purpose}")
        try:
            content = base64.urlsafe_b64decode(body)
            return AESGCM(secret).decrypt(content[:NONCE], content[NONCE:], self.purpose.encode()).decode()
        except (InvalidTag, binascii.Error, ValueError):
            raise KeysRefused(FOREIGN) from None

    @property
    def masked(self) -> str:
        """120102********1234: the area and the end, enough to compare with a card; without a key nothing."""
        try:
            return masked_id_number(self.opened)
        except KeysRefused:
            return HIDDEN

    @property
    def key_number(self) -> int:
        return int(self.token.split(".")[1])

    def __str__(self) -> str:
        return HIDDEN

    __repr__ = __str__


@dataclass(frozen=True, slots=True, repr=False)
class IdNumber:
    """An ID number on its way from a file to its seal. Its text hides it, so that no list keeps it."""

    number: str

    def __str__(self) -> str:
        return masked_id_number(self.number)

    __repr__ = __str__


class SealedText(TypeDecorator[Sealed]):
    """A column of sealed values. It takes nothing that is not sealed already."""

    impl = String(255)
    cache_ok = True

    def __init__(self, purpose: str) -> None:
        super().__init__()
        self.purpose = purpose

    def process_bind_param(self, value: Sealed | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        if not isinstance(value, Sealed) or value.purpose != self.purpose:
            # never with the value itself: this message may reach a log
            raise TypeError(f"A column of sealed {self.purpose} takes only what `seal` gives for it.")
        return value.token

    def process_result_value(self, value: str | None, dialect: Dialect) -> Sealed | None:
        return None if value is None else Sealed(value, self.purpose)


def seal(text: str, purpose: str) -> Sealed:
    """Seals with the key in use, whose first is made on the way. KeysRefused without the right key."""
    return sealed_by(current_key(), text, purpose)


def sealed_by(by: Key, text: str, purpose: str) -> Sealed:
    nonce = os.urandom(NONCE)
    content = AESGCM(by.derived(f"seal {purpose}")).encrypt(nonce, text.encode(), purpose.encode())
    return Sealed(f"{FORM}.{by.number}.{base64.urlsafe_b64encode(nonce + content).decode()}", purpose)


def index_by(by: Key, text: str, purpose: str) -> str:
    """The blind index: a keyed hash, equal exactly for equal text (in its written form) and key."""
    digest = hmac.new(by.derived(f"index {purpose}"), text.encode(), hashlib.sha256).hexdigest()
    return f"{by.number}:{digest}"


def sealed_with_index(text: str, purpose: str) -> tuple[Sealed, str]:
    """What the two columns hold for a text in its written form."""
    by = current_key()
    return sealed_by(by, text, purpose), index_by(by, text, purpose)


def indexes(text: str, purpose: str) -> list[str]:
    """What may stand in the index column: one for each key, while values move from one to another."""
    return [index_by(by, text, purpose) for by in proven_keys()]


def masked_id_number(number: str) -> str:
    """120102********1234: birthday and sequence hidden; a short number is hidden as a whole."""
    return f"{number[:6]}{'*' * (len(number) - 10)}{number[-4:]}" if len(number) >= 15 else "*" * len(number)
