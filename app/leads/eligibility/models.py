"""The rules of who is obliged, and what they, or a person, said of an employer."""

from datetime import date
from enum import StrEnum
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import User
from app.core.db import EnumText, Model, Timestamps
from app.employers.models import Employer


class Verdict(StrEnum):
    OBLIGED = "obliged"
    NOT_OBLIGED = "not_obliged"
    #: a branch whose head office registers for it
    HEAD_OFFICE = "head_office"
    #: a branch that registers by itself
    ITSELF = "itself"
    UNCLEAR = "unclear"


VERDICT_LABELS: dict[Verdict, Any] = {
    Verdict.OBLIGED: _l("Must contribute"),
    Verdict.NOT_OBLIGED: _l("Need not contribute"),
    Verdict.HEAD_OFFICE: _l("Handled by the head office"),
    Verdict.ITSELF: _l("The branch registers itself"),
    Verdict.UNCLEAR: _l("Unclear"),
}
#: verdicts that take a firm out of the ledger
SPARED = (Verdict.NOT_OBLIGED, Verdict.HEAD_OFFICE)


class Sign(StrEnum):
    """What of an employer a rule looks at."""

    CODE = "code"
    NAME_CONTAINS = "name_contains"
    NAME_ENDS = "name_ends"
    REGISTRY_TYPE = "registry_type"


SIGN_LABELS: dict[Sign, Any] = {
    Sign.CODE: _l("The credit code begins with"),
    Sign.NAME_CONTAINS: _l("The name contains"),
    Sign.NAME_ENDS: _l("The name ends with"),
    Sign.REGISTRY_TYPE: _l("The registry type contains"),
}


class EligibilityRule(Timestamps, Model):
    """The first rule in order that fits an employer holds. `reason` is a msgid, or a person's own words."""

    __tablename__ = "eligibility_rules"

    id: Mapped[int] = mapped_column(primary_key=True)
    position: Mapped[int]
    sign: Mapped[Sign] = mapped_column(EnumText(Sign))
    pattern: Mapped[str] = mapped_column(String(60))
    verdict: Mapped[Verdict] = mapped_column(EnumText(Verdict))
    reason: Mapped[str] = mapped_column(String(200))
    valid_from: Mapped[date | None]
    valid_until: Mapped[date | None]


class Eligibility(Timestamps, Model):
    """What is held of an employer's duty: by a rule, or by a person whose decision no rule overrides.

    Employers of which no rule speaks have no row: they must contribute.
    """

    __tablename__ = "eligibility"
    __table_args__ = (Index("ix_eligibility_verdict", "verdict", "employer_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    employer_id: Mapped[int] = mapped_column(ForeignKey("employers.id", ondelete="CASCADE"), unique=True)
    verdict: Mapped[Verdict] = mapped_column(EnumText(Verdict))
    reason: Mapped[str] = mapped_column(String(200))
    rule_id: Mapped[int | None] = mapped_column(ForeignKey("eligibility_rules.id"))
    by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    decided_on: Mapped[date]

    employer: Mapped[Employer] = relationship()
    by: Mapped[User | None] = relationship()
