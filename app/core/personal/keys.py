"""The keys that personal data is sealed with: in a file outside the database, which only knows their proofs.

The file (`JINNUO_PERSONAL_KEYS`, or `personal.keys` in the instance folder) has one key a line, number and
secret. The database tells which number is in use and proves that a key is the right one; so a lost or foreign
file is refused instead of being replaced by a new key, with which the old values would stay shut for ever.
"""

import base64
import binascii
import hashlib
import hmac
import os
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask_babel import lazy_gettext as _l
from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, mapped_column

from app.config import current_settings
from app.core.clock import now
from app.core.db import Model, db, insert_new
from app.core.errors import DomainError

BYTES = 32
HEADING = "# Keys of personal data. Keep a copy away from the database; see docs/operating.md.\n"

MISSING = _l(
    "ID numbers can be neither read nor stored: the key file is missing on this server. "
    "The system administrator must put it back from its backup."
)
FOREIGN = _l(
    "ID numbers can be neither read nor stored: the key file on this server is not the one that they were "
    "stored with. The system administrator must put the right one back."
)
DAMAGED = _l("The key file of personal data is damaged. The system administrator must put it back.")


class KeysRefused(DomainError):
    """There is no key, or not the right one. Nothing was changed, and nothing is lost with the right file."""

    status = 503


class PersonalKey(Model):
    """A key that was put to use; the one with the greatest number is used for what is sealed now."""

    __tablename__ = "personal_keys"
    __audited__: ClassVar[bool] = False

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    #: a keyed hash of the key's own: tells it from another, and tells nothing about it
    proof: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(default=now)


@dataclass(frozen=True, slots=True)
class Key:
    """One key of the file. Nothing is sealed with it itself, but with what `derived` gives."""

    number: int
    secret: bytes = field(repr=False)

    def derived(self, purpose: str) -> bytes:
        """32 bytes for one purpose: what they open is opened by those of no other."""
        return _derived(self.secret, purpose)

    @property
    def proof(self) -> str:
        return hmac.new(self.derived("proof"), b"jinnuo", hashlib.sha256).hexdigest()


@lru_cache(maxsize=64)
def _derived(secret: bytes, purpose: str) -> bytes:
    return HKDF(SHA256(), BYTES, None, f"jinnuo personal data {purpose}".encode()).derive(secret)


def key_path() -> Path:
    return current_settings().personal_keys


def keys_in_file() -> Mapping[int, Key]:
    """Every key of the file by its number; none when there is no file. KeysRefused when it is damaged."""
    path = key_path()
    try:
        known = path.stat()
    except FileNotFoundError:
        return {}
    return _keys(path, (known.st_mtime_ns, known.st_size, known.st_ino))


@lru_cache(maxsize=4)
def _keys(path: Path, _version: tuple[int, int, int]) -> Mapping[int, Key]:
    """Read again only when the file is another one."""
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            path.chmod(0o600)
        lines = path.read_text(encoding="ascii").splitlines()
        pairs = [line.split() for line in lines if line.strip() and not line.startswith("#")]
        keys = {int(number): Key(int(number), base64.b64decode(secret)) for number, secret in pairs}
    except (OSError, ValueError, binascii.Error):
        raise KeysRefused(DAMAGED) from None
    if any(len(key.secret) != BYTES for key in keys.values()) or len(keys) != len(pairs):
        raise KeysRefused(DAMAGED)
    return keys


def keys_in_use() -> dict[int, str]:
    """The proof of every key that was ever put to use, by its number."""
    rows = db.session.execute(select(PersonalKey.number, PersonalKey.proof))
    return {row.number: row.proof for row in rows}


def key(number: int) -> Key:
    """The key of this number, or KeysRefused."""
    found = keys_in_file().get(number)
    if found is None:
        raise KeysRefused(MISSING)
    return found


def proven_keys() -> list[Key]:
    """Every key in use, the newest first; none before the first value is sealed. KeysRefused if one is not
    in the file, or is another one."""
    proofs = keys_in_use()
    found = [key(number) for number in sorted(proofs, reverse=True)]
    if any(not hmac.compare_digest(one.proof, proofs[one.number]) for one in found):
        raise KeysRefused(FOREIGN)
    return found


def current_key() -> Key:
    """The key to seal with. The very first one is made here, with its file."""
    proven = proven_keys()
    if proven:
        return proven[0]
    if not keys_in_file():
        _write(key_path(), {1: Key(1, secrets.token_bytes(BYTES))})
    put_to_use(max(keys_in_file()))
    return proven_keys()[0]


def add_to_file() -> int:
    """Writes one more key into the file; it is used only once it is `put_to_use`. Gives its number."""
    known = dict(keys_in_file())
    number = max({*known, *keys_in_use()}, default=0) + 1
    _write(key_path(), {**known, number: Key(number, secrets.token_bytes(BYTES))})
    return number


def put_to_use(number: int) -> None:
    """From the end of this transaction on, values are sealed with this key of the file."""
    values = {"number": number, "proof": key(number).proof, "created_at": now()}
    db.session.execute(insert_new(PersonalKey).values(values))


def _write(path: Path, keys: Mapping[int, Key]) -> None:
    """Replaces the file at once; the first file is a link, so that of two writers both read the same one."""
    lines = [f"{one.number} {base64.b64encode(one.secret).decode()}\n" for one in keys.values()]
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as stream:
            stream.writelines([HEADING, *lines])
            stream.flush()
            os.fsync(stream.fileno())
        if len(keys) == 1:
            path.hardlink_to(draft)
        else:
            draft.replace(path)
    except FileExistsError:
        return
    finally:
        draft.unlink(missing_ok=True)
