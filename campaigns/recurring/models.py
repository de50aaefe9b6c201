"""Rules, what each run of one did, and whose turn it was; the greeting calendar."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Branch, User
from app.core.clock import now
from app.core.db import EnumText, Model, Timestamps
from campaigns.channels.letter.models import LetterVersion
from campaigns.channels.sms.models import SmsVersion
from campaigns.drafting.models import Campaign, ContactOrder, FourEyes


class Trigger(StrEnum):
    """What gives employers their turn."""

    NEW_ARREARS = "new_arrears"
    RELIEF_ENDING = "relief_ending"
    NEW_HANDLER = "new_handler"
    BASE_WINDOW = "base_window"
    FESTIVAL = "festival"


class Outcome(StrEnum):
    """What became of a run."""

    DRAFTED = "drafted"
    LAUNCHED = "launched"
    REFUSED = "refused"


class Rule(FourEyes, Timestamps, Model):
    """To employers whose turn it is, say this; on behalf of the owner, within the owner's reach."""

    __tablename__ = "campaign_rules"
    __table_args__ = (Index("ix_campaign_rules_branch", "branch_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    branch_id: Mapped[int] = mapped_column(ForeignKey("branches.id"))
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    #: whoever changed it last
    edited_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    trigger: Mapped[Trigger] = mapped_column(EnumText(Trigger))
    #: how many days ahead (or, of a new handler, back) the trigger looks
    days: Mapped[int] = mapped_column(default=0)
    #: of the trigger FESTIVAL: which of the greeting calendar
    festival: Mapped[str] = mapped_column(String(40), default="")
    #: only to those of them who belong to it; None: to all
    segment_id: Mapped[int | None]
    criteria: Mapped[dict[str, Any]] = mapped_column(default=dict)
    #: what is said: one of the two
    template_version_id: Mapped[int | None] = mapped_column(ForeignKey("sms_template_versions.id"))
    letter_version_id: Mapped[int | None] = mapped_column(
        ForeignKey("letter_versions.id", name="fk_campaign_rules_letter")
    )
    template_values: Mapped[dict[str, Any]] = mapped_column(default=dict)
    #: the deadline in the text is so many days after the run; 0: it has none
    deadline_days: Mapped[int] = mapped_column(default=0)
    contact_order: Mapped[ContactOrder] = mapped_column(
        EnumText(ContactOrder), default=ContactOrder.HANDLER_FIRST
    )
    frequency_days: Mapped[int] = mapped_column(default=7)
    verified_only: Mapped[bool] = mapped_column(default=False)
    hold_out: Mapped[int] = mapped_column(default=0)
    #: messages go out from this hour on, spread over so many hours (0: as fast as they can)
    send_hour: Mapped[int] = mapped_column(default=9)
    spread_hours: Mapped[int] = mapped_column(default=0)
    working_days_only: Mapped[bool] = mapped_column(default=True)
    #: a run to more recipients than this is only drafted, whatever was approved
    most_recipients: Mapped[int] = mapped_column(default=200)
    paused: Mapped[bool] = mapped_column(default=False)
    approved_hash: Mapped[str | None] = mapped_column(String(64))
    approved_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    approved_at: Mapped[datetime | None]
    #: the day on which it was last looked whose turn it is
    looked_on: Mapped[date | None]

    branch: Mapped[Branch] = relationship()
    owner: Mapped[User] = relationship(foreign_keys=[owner_id])
    edited_by: Mapped[User] = relationship(foreign_keys=[edited_by_id])
    approved_by: Mapped[User | None] = relationship(foreign_keys=[approved_by_id])
    template_version: Mapped[SmsVersion | None] = relationship()
    letter_version: Mapped[LetterVersion | None] = relationship()

    @property
    def wording(self) -> SmsVersion | LetterVersion:
        """The text of its SMS or letters."""
        found = self.letter_version or self.template_version
        if found is None:
            raise ValueError(f"rule {self.id} says nothing")
        return found


class Run(Model):
    """What a rule did on a day when it was somebody's turn."""

    __tablename__ = "campaign_rule_runs"
    __audited__: ClassVar[bool] = False
    __table_args__ = (Index("ix_campaign_rule_runs_rule", "rule_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    rule_id: Mapped[int] = mapped_column(ForeignKey("campaign_rules.id", ondelete="CASCADE"))
    day: Mapped[date]
    at: Mapped[datetime] = mapped_column(default=now)
    employers: Mapped[int] = mapped_column(default=0)
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaigns.id", ondelete="SET NULL"))
    outcome: Mapped[Outcome] = mapped_column(EnumText(Outcome), default=Outcome.DRAFTED)
    #: why it was only drafted, or not even that: reasons in the default language
    note: Mapped[str] = mapped_column(String(500), default="")

    campaign: Mapped[Campaign | None] = relationship()


class Turn(Model):
    """That an employer had its turn: once for each occasion (a statement, a term's end, a year), for good."""

    __tablename__ = "campaign_rule_turns"
    __audited__: ClassVar[bool] = False
    __table_args__ = (
        # whatever runs twice or side by side
        UniqueConstraint("rule_id", "employer_id", "occasion"),
        Index("ix_campaign_rule_turns_employer", "employer_id", "run_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    rule_id: Mapped[int] = mapped_column(ForeignKey("campaign_rules.id", ondelete="CASCADE"))
    run_id: Mapped[int] = mapped_column(ForeignKey("campaign_rule_runs.id", ondelete="CASCADE"), index=True)
    employer_id: Mapped[int] = mapped_column(ForeignKey("employers.id", ondelete="CASCADE"))
    occasion: Mapped[str] = mapped_column(String(20))


class GreetingDay(Model):
    """A festival in one year; those of the lunar calendar move, so each year's is entered."""

    __tablename__ = "greeting_days"
    __table_args__ = (UniqueConstraint("name", "day"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40))
    day: Mapped[date]
