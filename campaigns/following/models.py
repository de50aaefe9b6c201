"""What was done for one employer at one step of a campaign."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.clock import now
from app.core.db import EnumText, Model
from app.employers.models import Employer
from campaigns.channels.letter.issued.models import Letter
from campaigns.drafting.models import CampaignStep


class StepResult(StrEnum):
    """What came of a step; the next one comes at once where it was not possible."""

    WRITTEN = "written"
    ISSUED = "issued"
    TASK = "task"
    IMPOSSIBLE = "impossible"


class StepRun(Model):
    """The row is the promise that the step is taken once, whatever runs twice or side by side."""

    __tablename__ = "campaign_step_runs"
    __audited__: ClassVar[bool] = False  # it is a record of what was done, by the thousand
    __table_args__ = (
        UniqueConstraint("step_id", "employer_id"),
        Index("ix_campaign_step_runs_employer", "employer_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    step_id: Mapped[int] = mapped_column(ForeignKey("campaign_steps.id", ondelete="CASCADE"))
    employer_id: Mapped[int] = mapped_column(ForeignKey("employers.id", ondelete="CASCADE"))
    #: where the employer was and who looked after it then
    branch_id: Mapped[int | None]
    area_id: Mapped[int | None]
    owner_id: Mapped[int | None]
    result: Mapped[StepResult] = mapped_column(EnumText(StepResult))
    #: why it was not possible: an Exclusion, or the words of a refusal
    reason: Mapped[str | None] = mapped_column(String(200))
    letter_id: Mapped[int | None] = mapped_column(ForeignKey("letters.id"))
    at: Mapped[datetime] = mapped_column(default=now)

    step: Mapped[CampaignStep] = relationship()
    employer: Mapped[Employer] = relationship()
    letter: Mapped[Letter | None] = relationship()
