"""ID numbers on their way through a temporary table, shut with a key that this process alone knows."""

import base64
import os
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Dialect, Text
from sqlalchemy.types import TypeDecorator

from app.core.personal.sealed import NONCE, IdNumber

#: gone with the process: what it has shut is read only until the end of the transaction
_SECRET = AESGCM.generate_key(256)


class PassingIdNumber(TypeDecorator[IdNumber]):
    """A column of `IdNumber` in a table that lives no longer than the transaction. It is never searched."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: IdNumber | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        nonce = os.urandom(NONCE)
        sealed = nonce + AESGCM(_SECRET).encrypt(nonce, value.number.encode(), None)
        return base64.b64encode(sealed).decode()

    def process_result_value(self, value: Any, dialect: Dialect) -> IdNumber | None:
        if value is None:
            return None
        content = base64.b64decode(value)
        return IdNumber(AESGCM(_SECRET).decrypt(content[:NONCE], content[NONCE:], None).decode())
