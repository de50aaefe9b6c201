"""What both databases are asked for in SQL and each gives in its own way.

SQLite gets functions of Python's (`add_to_sqlite`), PostgreSQL has all of it built in.
"""

import secrets
from typing import Any

from sqlalchemy import Integer, String
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction


class random_hex(GenericFunction[str]):
    """128 random bits as 32 hexadecimal digits, others for each row."""

    type = String()
    inherit_cache = True


class random_token(GenericFunction[str]):
    """96 random bits as 16 characters that may stand in an address, others for each row, never guessed."""

    type = String()
    inherit_cache = True


class utf16_units(GenericFunction[int]):
    """How long a text is in UTF-16 units: what lies beyond the basic plane counts two."""

    type = Integer()
    inherit_cache = True


@compiles(random_hex, "postgresql")
def _hex_of_postgresql(_element: random_hex, _compiler: Any, **_options: Any) -> str:
    return f"encode({_RANDOM_48} || {_RANDOM_48} || substring({_RANDOM_48} from 1 for 4), 'hex')"


@compiles(random_token, "postgresql")
def _token_of_postgresql(_element: random_token, _compiler: Any, **_options: Any) -> str:
    return f"translate(encode({_RANDOM_48} || {_RANDOM_48}, 'base64'), '+/', 'xX')"


@compiles(utf16_units, "postgresql")
def _units_of_postgresql(element: utf16_units, compiler: Any, **options: Any) -> str:
    text = compiler.process(element.clauses, **options)
    return f"(char_length({text}) + regexp_count({text}, '[\\U00010000-\\U0010FFFF]'))"


_PLAIN = str.maketrans("-_", "xX")
#: the last 48 bits of a UUID of the fourth version are random, and strong enough for secrets
_RANDOM_48 = "substring(uuid_send(gen_random_uuid()) from 11)"


def new_token() -> str:
    """What nobody guesses, for an address: 16 letters and digits. Phones that make links of texts leave off a
    last “-” or “_”, so that the link leads nowhere."""
    return secrets.token_urlsafe(12).translate(_PLAIN)


def add_to_sqlite(connection: DBAPIConnection) -> None:
    """Give a new connection what PostgreSQL has of its own."""
    connection.create_function("random_hex", 0, lambda: secrets.token_hex(16))
    connection.create_function("random_token", 0, new_token)
    connection.create_function("utf16_units", 1, _units, deterministic=True)


def _units(text: str | None) -> int | None:
    return None if text is None else len(text.encode("utf-16-le")) // 2
