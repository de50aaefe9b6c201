"""Passwords: how they are kept, checked in constant time, and what makes one good enough."""

import re
import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask_babel import lazy_gettext as _l

SHORTEST = 8
LONGEST = 128
CLASSES = 3
#: Days after which a password must be changed (the value that MLPS auditors ask for).
MAX_AGE_DAYS = 90

#: what one guess costs: 64 MiB and three passes (RFC 9106, for memory that is shared with other work)
hasher = PasswordHasher()

_WORDS = """
    password passwd pass admin administrator root welcome qwerty qwertyuiop qwer asdf asdfgh zxcvbn abc abcd
    abcde iloveyou letmein monkey dragon test demo user guest login changeme secret default woaini wodemima
    mima gongjijin gjj zhufang jinnuo qazwsx qaz wsx
"""
_WALKS = "1qaz@wsx 1qaz2wsx !qaz2wsx zaq12wsx q1w2e3r4 a1b2c3d4 1q2w3e4r 1q2w3e4r5t"

#: Words that everyone tries first, once digits and signs around them are gone.
COMMON_WORDS = frozenset(_WORDS.split())
#: Walks over the keyboard, whatever their case.
COMMON_WHOLES = frozenset(_WALKS.split())
_LOOKALIKES = str.maketrans("@4301!5$7", "aaeoiisst")
_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789"


def hashed(password: str) -> str:
    """The argon2id hash to keep."""
    return hasher.hash(password)


@cache
def _nobodys_hash() -> str:
    return hasher.hash(secrets.token_hex(16))


def matches(kept: str, password: str) -> bool:
    """Whether the password is the one that was hashed; as slow for no hash ("") as for a wrong password."""
    try:
        return hasher.verify(kept or _nobodys_hash(), password[:LONGEST]) and bool(kept)
    except (VerificationError, InvalidHashError):
        return False


def needs_rehash(kept: str) -> bool:
    """Whether the hash was made with weaker parameters than today's."""
    return hasher.check_needs_rehash(kept)


def weaknesses(password: str, username: str = "") -> list[object]:
    """Everything that is wrong with a new password, translatably; empty when it is good."""
    found: list[object] = []
    if not SHORTEST <= len(password) <= LONGEST:
        found.append(_l("It must have %(least)d to %(most)d characters.", least=SHORTEST, most=LONGEST))
    if _classes(password) < CLASSES:
        found.append(_l("It must mix three of: capitals, small letters, digits, signs."))
    if username and len(username) > 2 and username.casefold() in password.casefold():
        found.append(_l("It must not contain the user name."))
    if is_common(password):
        found.append(_l("It is one of the passwords that attackers try first."))
    return found


def _classes(password: str) -> int:
    return sum(bool(re.search(pattern, password)) for pattern in ("[A-Z]", "[a-z]", "[0-9]", "[^A-Za-z0-9]"))


def is_common(password: str) -> bool:
    """Whether it is a well-known word in disguise: Admin@123, P@ssw0rd2026, 1qaz@WSX."""
    plain = password.casefold()
    if plain in COMMON_WHOLES or len(set(plain)) <= 3:
        return True
    trimmed = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", plain)
    return bool({trimmed, trimmed.translate(_LOOKALIKES), re.sub(r"[\W\d_]+", "", plain)} & COMMON_WORDS)


def one_time() -> str:
    """A password that a person can read aloud and type once: four groups without lookalikes."""
    while True:
        groups = ["".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4)]
        password = "-".join(groups)
        if not weaknesses(password):
            return password
