"""A campaign, its audience as it was when it was approved, and how a branch signs its messages."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Branch, User
from app.core.clock import today
from app.core.db import EnumText, Model, Price, Timestamps
from app.employers.models import Contact, Employer
from campaigns.channels.letter.models import LetterVersion
from campaigns.channels.sms.models import SmsVersion


class Channel(StrEnum):
    """How a campaign speaks to its audience."""

    SMS = "sms"
    LETTER = "letter"


class MessageClass(StrEnum):
    """What kind of message it is: the law treats a notice and a promotion differently."""

    SERVICE = "service"
    GREETING = "greeting"
    PUBLICITY = "publicity"


class CampaignState(StrEnum):
    """The states of the workflow `campaign`."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    CANCELLED = "cancelled"


class Exclusion(StrEnum):
    """Why a member of the audience gets no message of its own."""

    CLOSED = "closed"
    INELIGIBLE = "ineligible"
    NO_CONTACT = "no_contact"
    NO_MOBILE = "no_mobile"
    BAD_NUMBER = "bad_number"
    DEAD_NUMBER = "dead_number"
    OPTED_OUT = "opted_out"
    #: the person would rather hear from the department in this way
    PREFERS_CALL = "prefers_call"
    PREFERS_WECHAT = "prefers_wechat"
    PREFERS_EMAIL = "prefers_email"
    PREFERS_LETTER = "prefers_letter"
    PREFERS_VISIT = "prefers_visit"
    #: nobody has confirmed the number, and the campaign goes to confirmed ones only
    UNVERIFIED = "unverified"
    FREQUENCY = "frequency"
    #: the number or the employer has had as many as it may get, for longer than the campaign lasts
    OVER_CAP = "over_cap"
    #: an officer left the employer out of this campaign
    BY_HAND = "by_hand"
    #: chosen by lot to hear nothing, so that the effect on the others can be told
    HOLD_OUT = "hold_out"
    #: a variable of the text has no value for this employer
    MISSING_VALUE = "missing_value"
    #: its values would bring a word into the text that the gateway refuses
    FORBIDDEN_WORD = "forbidden_word"
    #: with its values the text would be longer than a gateway takes
    TOO_LONG = "too_long"
    #: the same person serves several employers and gets one message for all of them
    MERGED = "merged"
    #: the campaign was cancelled before this message was sent
    CANCELLED = "cancelled"
    # letters only
    NO_ADDRESS = "no_address"
    #: what is written there is no address
    BAD_ADDRESS = "bad_address"
    #: the last letter to this address came back
    DEAD_ADDRESS = "dead_address"
    #: another record of the same name at the same address gets the letter
    DUPLICATE = "duplicate"


class ContactOrder(StrEnum):
    """Whom a campaign speaks to at an employer: the first of these who can be reached."""

    HANDLER_FIRST = "handler_first"
    HANDLER_ONLY = "handler_only"
    IN_CHARGE_FIRST = "in_charge_first"
    LEGAL_REP_FIRST = "legal_rep_first"
    #: letters only: the employer itself, to the attention of its handler where there is one
    EMPLOYER = "employer"


class StepKind(StrEnum):
    """What a step does for an employer that was not reached, or did not answer."""

    NEXT_CONTACT = "next_contact"
    LETTER = "letter"
    CALL = "call"
    VISIT = "visit"


class StepCondition(StrEnum):
    """For which employers a step is taken, its time having passed."""

    UNDELIVERED = "undelivered"
    UNANSWERED = "unanswered"


class Sender(Timestamps, Model):
    """How a branch signs, where it answers and what a segment costs it.

    A branch without a row of its own uses the nearest one above it.
    """

    __tablename__ = "campaign_senders"

    id: Mapped[int] = mapped_column(primary_key=True)
    branch_id: Mapped[int] = mapped_column(ForeignKey("branches.id"), unique=True)
    #: without the brackets, as filed with the operators
    signature: Mapped[str] = mapped_column(String(20))
    phone: Mapped[str] = mapped_column(String(30))
    #: yuan for each segment
    price: Mapped[Decimal] = mapped_column(Price)


class FourEyes:
    """What a second person approves, and who has had a hand in it since one last did."""

    #: their ids, each once
    editor_ids: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")

    def touched_by(self, user_id: int) -> None:
        """Whoever writes or changes it is not the one to approve it."""
        self.editor_ids = sorted({*(self.editor_ids or ()), user_id})


class Campaign(FourEyes, Timestamps, Model):
    """To these employers' contacts, say this, approved by someone else."""

    __tablename__ = "campaigns"
    __table_args__ = (Index("ix_campaigns_branch_state", "branch_id", "state", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    branch_id: Mapped[int] = mapped_column(ForeignKey("branches.id"))
    channel: Mapped[Channel] = mapped_column(
        EnumText(Channel), default=Channel.SMS, server_default=Channel.SMS.value
    )
    #: of a letter: the wording, and what it says beside it (`channels.letter.queries.frozen`)
    letter_version_id: Mapped[int | None] = mapped_column(ForeignKey("letter_versions.id"))
    letter: Mapped[dict[str, Any] | None]
    #: the saved segment it came from; `criteria` is what the segment said then
    segment_id: Mapped[int | None]
    criteria: Mapped[dict[str, Any]] = mapped_column(default=dict)
    message_class: Mapped[MessageClass] = mapped_column(EnumText(MessageClass), default=MessageClass.SERVICE)
    #: without the brackets
    signature: Mapped[str] = mapped_column(String(20))
    template_text: Mapped[str] = mapped_column(Text)
    #: the published wording it was taken from, and what the author filled in for it; None: written freely
    template_version_id: Mapped[int | None] = mapped_column(ForeignKey("sms_template_versions.id"))
    template_values: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    #: fills the variable {deadline}
    deadline: Mapped[date | None]
    contact_order: Mapped[ContactOrder] = mapped_column(
        EnumText(ContactOrder), default=ContactOrder.HANDLER_FIRST
    )
    #: whoever was written to within so many days is left out; 0: nobody is
    frequency_days: Mapped[int] = mapped_column(default=0)
    #: whether only numbers that were confirmed are written to
    verified_only: Mapped[bool] = mapped_column(default=False)
    #: how many in a hundred of those who would receive it are held out, to compare with
    hold_out: Mapped[int] = mapped_column(default=0)
    #: yuan for each segment, as the sender paid when the audience was reckoned
    price: Mapped[Decimal] = mapped_column(Price, default=Decimal("0.05"))
    state: Mapped[CampaignState] = mapped_column(EnumText(CampaignState), default=CampaignState.DRAFT)
    #: sha-256 of what was approved; `approved_hash` joins both as they were at the approval
    content_hash: Mapped[str | None] = mapped_column(String(64))
    audience_hash: Mapped[str | None] = mapped_column(String(64))
    approved_hash: Mapped[str | None] = mapped_column(String(64))
    #: when the audience was last reckoned, and what came of it
    reckoned_at: Mapped[datetime | None]
    audience_size: Mapped[int] = mapped_column(default=0)
    recipients: Mapped[int] = mapped_column(default=0)
    #: of how many segments all messages consist together
    segments: Mapped[int] = mapped_column(default=0)
    #: employers that fit the criteria but lie beyond the author's reach; they are counted, never listed
    outside_scope: Mapped[int] = mapped_column(default=0)
    created_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    #: whoever changed it last
    edited_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    approved_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    approved_at: Mapped[datetime | None]
    launched_at: Mapped[datetime | None]
    #: nothing goes out before; with `send_until` the messages are spread evenly between the two
    send_from: Mapped[datetime | None]
    send_until: Mapped[datetime | None]
    working_days_only: Mapped[bool] = mapped_column(default=False, server_default=false())
    #: when somebody let it go on after a pause: what failed before is no reason to pause again
    resumed_at: Mapped[datetime | None]
    #: when the last row of the ledger was planned; None while planning is under way
    planned_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    #: why the system stopped it (a class of gateway failure); None when a person did
    hold_reason: Mapped[str | None] = mapped_column(String(40))

    branch: Mapped[Branch] = relationship()
    template_version: Mapped[SmsVersion | None] = relationship()
    #: what is done where the message was in vain; approved with it
    follow_steps: Mapped[list["CampaignStep"]] = relationship(
        cascade="all, delete-orphan", order_by="CampaignStep.position"
    )
    created_by: Mapped[User] = relationship(foreign_keys=[created_by_id])
    edited_by: Mapped[User | None] = relationship(foreign_keys=[edited_by_id])
    letter_version: Mapped[LetterVersion | None] = relationship()
    approved_by: Mapped[User | None] = relationship(foreign_keys=[approved_by_id])

    @property
    def joins(self) -> bool:
        """Whether one message speaks for all employers of a handler, and each number gets but one."""
        return self.template_version is None or self.template_version.joins


class CampaignStep(Timestamps, Model):
    """One step of a campaign after its messages: for whom, after how many working days, and what."""

    __tablename__ = "campaign_steps"
    __table_args__ = (UniqueConstraint("campaign_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"))
    position: Mapped[int]
    kind: Mapped[StepKind] = mapped_column(EnumText(StepKind))
    condition: Mapped[StepCondition] = mapped_column(EnumText(StepCondition))
    #: working days since the last thing that was done for the employer
    wait_days: Mapped[int]
    #: the code of the outline, of a letter
    outline: Mapped[str | None] = mapped_column(String(40))
    #: when nobody was left to take it for, or somebody stopped it
    ended_at: Mapped[datetime | None]
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))


class AudienceRemoval(Model):
    """An employer that an officer left out of one campaign, whatever its segment says."""

    __tablename__ = "audience_removals"

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"), primary_key=True)
    employer_id: Mapped[int] = mapped_column(ForeignKey("employers.id", ondelete="CASCADE"), primary_key=True)
    reason: Mapped[str] = mapped_column(String(200))
    removed_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    removed_on: Mapped[date] = mapped_column(default=today)


class AudienceMember(Model):
    """One employer's contact in one campaign, with the number and the variables the approver saw.

    Every member ends as exactly one row of the ledger, the excluded ones with their reason.
    """

    __tablename__ = "audience_members"
    __audited__: ClassVar[bool] = False
    __table_args__ = (
        UniqueConstraint("campaign_id", "employer_id", "contact_id"),
        Index("ix_audience_members_campaign", "campaign_id", "id"),
        Index("ix_audience_members_excluded", "campaign_id", "excluded", "id"),
        Index("ix_audience_members_merged_into", "merged_into_id"),
        Index("ix_audience_members_phone", "phone"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"))
    employer_id: Mapped[int] = mapped_column(ForeignKey("employers.id", ondelete="CASCADE"))
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contacts.id"), index=True)
    phone: Mapped[str | None] = mapped_column(String(20))
    #: of letters: where it goes
    address: Mapped[str | None] = mapped_column(String(255))
    postal_code: Mapped[str | None] = mapped_column(String(6))
    #: the template's variables for this member, as text
    variables: Mapped[dict[str, Any]] = mapped_column(default=dict)
    #: the same for this employer alone, where the message speaks for several
    own_variables: Mapped[dict[str, Any]] = mapped_column(default=dict)
    #: an Exclusion; None: gets the message
    excluded: Mapped[Exclusion | None] = mapped_column(EnumText(Exclusion))
    #: for MERGED: the member whose message speaks for this one too
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("audience_members.id", ondelete="CASCADE"))

    employer: Mapped[Employer] = relationship()
    contact: Mapped[Contact | None] = relationship()
