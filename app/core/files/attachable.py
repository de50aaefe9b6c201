"""What a feature says of its records so that files can be hung on them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import url_for
from sqlalchemy import ColumnElement

from app.core.db import Base
from app.core.permissions import Actor, Grantable


@dataclass(frozen=True)
class RecordKind:
    """A kind of record that files hang on, declared in the manifest of the feature that owns it.

    `visible_to` is the feature's row scope; `view`, `attach` and `remove` are what somebody needs of the
    feature for it, beside the permissions over attachments. `employer_id` tells whose story the file belongs
    to (None: nobody's); `title` and `endpoint` lead back to the record.
    """

    name: str
    label: Any
    model: type[Base]
    visible_to: Callable[[Actor | None], ColumnElement[bool]]
    view: Grantable
    attach: Grantable
    remove: Grantable
    employer_id: Callable[[Any], int | None]
    title: Callable[[Any], str]
    endpoint: str
    argument: str = "id"

    def url(self, record_id: int) -> str:
        """The page of the record, at its files."""
        values: dict[str, Any] = {self.argument: record_id}
        return url_for(self.endpoint, _anchor="attachments", **values)
