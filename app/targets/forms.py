"""Reading the month and the table of targets."""

from collections.abc import Mapping

from flask_babel import lazy_gettext as _l

from app.core.clock import today
from app.core.errors import DomainError
from app.core.periods import Period, asked_month
from app.targets.services import Key

PREFIX = "target"


def read_month(text: str | None) -> Period:
    """The month of a URL; without one, the current month."""
    if not text:
        return Period.of(today())
    try:
        return asked_month(text)
    except ValueError:
        raise DomainError(_l("This is not a month: write it as 202611.")) from None


def input_name(kpi: str, branch_id: int, user_id: int | None) -> str:
    return f"{PREFIX}-{kpi}-{branch_id}-{user_id or ''}"


def read_targets(form: Mapping[str, str]) -> dict[Key, int | None]:
    """Every target input of the posted table; an emptied one is None."""
    return {_key(name): _value(text.strip()) for name, text in form.items() if name.startswith(f"{PREFIX}-")}


def _key(name: str) -> Key:
    try:
        _, code, branch, user = name.split("-")
        return code, int(branch), int(user) if user else None
    except ValueError:
        raise DomainError(_l("The form is damaged: load the page again.")) from None


def _value(text: str) -> int | None:
    if not text:
        return None
    if not text.isascii() or not text.isdigit():
        raise DomainError(_l("“%(text)s” is not a whole number.", text=text[:20]))
    return int(text)
