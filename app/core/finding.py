"""The one record that an address, a form or a command asks for by its number."""

from collections.abc import Mapping
from typing import Any, TypeVar

from sqlalchemy import Select

from app.core.db import db
from app.core.errors import NotFound

Record = TypeVar("Record")


def the_one(query: Select[Record], missing: object, given: Mapping[str, Any] | None = None) -> Record:
    """What the query finds, or NotFound with the sentence given; a query holds the reader's reach already.

    So whoever may not see a record is told the same as when there is none.
    """
    found = db.session.scalars(query, given).unique().one_or_none()
    if found is None:
        raise NotFound(missing)
    return found
