"""What was found of one paper. Each matter has its own table of these, made of the mixin."""

from datetime import date
from enum import StrEnum

from flask_babel import lazy_gettext as _l
from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import EnumText, Timestamps


class CheckResult(StrEnum):
    """What the pre-check of one paper found (one-time full notice, domain reference row 6)."""

    COMPLETE = "complete"
    MISSING = "missing"
    CORRECTABLE = "correctable"
    NOT_CORRECTABLE = "not_correctable"


RESULT_LABELS = {
    CheckResult.COMPLETE: _l("In order"),
    CheckResult.MISSING: _l("Missing"),
    CheckResult.CORRECTABLE: _l("To be corrected"),
    CheckResult.NOT_CORRECTABLE: _l("Cannot be corrected"),
}
RESULT_TONES = {
    CheckResult.COMPLETE: "good",
    CheckResult.MISSING: "warning",
    CheckResult.CORRECTABLE: "warning",
    CheckResult.NOT_CORRECTABLE: "danger",
}


class PaperCheck(Timestamps):
    """A paper (a code of the matter's table), what was found of it, and how to put it right.

    `due_on`: handed in later, by that day at the latest (容缺).
    """

    code: Mapped[str] = mapped_column(String(3))
    result: Mapped[CheckResult] = mapped_column(EnumText(CheckResult))
    remedy: Mapped[str] = mapped_column(Text, default="")
    due_on: Mapped[date | None]
    checked_on: Mapped[date]
    checked_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
