"""Who reads the trail, and how much of a value the trail may keep."""

from datetime import date, datetime
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Any

from sqlalchemy import ColumnElement, true

from app.core.periods import Period
from app.core.permissions import Actor

LONGEST_TEXT = 500

#: Columns that say nothing of their own.
SILENT = frozenset({"created_at", "updated_at", "last_login_at", "failed_logins", "totp_last_step"})
#: Columns of which only the change is recorded, never a value.
SECRET = frozenset({"password_hash", "totp_secret", "session_stamp", "token", "token_hash", "code_hash"})
#: Columns whose values are recorded with their middle hidden.
MASKED = frozenset({"mobile", "phone", "telephone", "id_number"})


class Permission(StrEnum):
    VIEW = "audit:view"
    EXPORT = "audit:export"
    VERIFY = "audit:verify"


def visible_to(_actor: Actor | None) -> ColumnElement[bool]:
    """The trail is one and belongs to the whole department: whoever may read it reads all of it."""
    return true()


def plain(name: str, value: object) -> Any:
    """A value as the trail keeps it: JSON, secrets left out, telephone numbers masked, long texts cut."""
    if value is None or (isinstance(value, bool | int) and name not in SECRET):
        return value
    if name in SECRET:
        return "***"
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, dict | list | tuple | set | frozenset):
        return _plain_many(name, value)
    words = str(value) if isinstance(value, str | Decimal | Period) else repr(value)
    if name in MASKED:
        return mask(words)
    return words if len(words) <= LONGEST_TEXT else words[:LONGEST_TEXT] + "…"


def _plain_many(name: str, value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): plain(str(key), item) for key, item in value.items()}
    items = [plain(name, item) for item in value]
    return sorted(items, key=str) if isinstance(value, set | frozenset) else items


def mask(number: str) -> str:
    """138****5678: enough to recognise a number one knows, too little to dial it."""
    return f"{number[:3]}****{number[-4:]}" if len(number) > 7 else "****"
