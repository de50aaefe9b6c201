"""The employer (one row from first rumour to closure), its contacts and its former names."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from app.accounts.models import Branch, User
from app.core.clock import now, today
from app.core.code_tables import of_table
from app.core.db import EnumText, Model, Money, Rate, Timestamps
from app.core.language.text import name_key
from app.core.periods import Period
from app.core.personal.sealed import ID_NUMBER, Sealed, SealedText
from app.employers.areas.models import Area


class Stage(StrEnum):
    PROSPECT = "prospect"
    ENGAGED = "engaged"
    REGISTERED = "registered"
    ENROLLED = "enrolled"
    CONTRIBUTING = "contributing"
    IN_ARREARS = "in_arrears"
    ON_RELIEF = "on_relief"
    SEALED = "sealed"
    CLOSING = "closing"
    CLOSED = "closed"
    DISMISSED = "dismissed"


class AccountStatus(StrEnum):
    """Table A.4 of JGJ/T 320."""

    NORMAL = "01"
    OPENED = "02"
    DEFERRED = "03"
    CLOSED = "04"
    SEALED = "05"
    OTHER = "99"


class ContactRole(StrEnum):
    HANDLER = "handler"
    LEGAL_REP = "legal_rep"
    PERSON_IN_CHARGE = "person_in_charge"
    FINANCE = "finance"
    HR = "hr"


class VerifiedHow(StrEnum):
    """How somebody made sure that a mobile number is this person's."""

    CALL = "call"
    VISIT = "visit"
    SMS_REPLY = "sms_reply"
    DOCUMENT = "document"
    #: the person confirmed a notice that was sent to the number
    NOTICE = "notice"


class PreferredChannel(StrEnum):
    """How a person would rather hear from the department."""

    CALL = "call"
    SMS = "sms"
    WECHAT = "wechat"
    EMAIL = "email"
    LETTER = "letter"
    VISIT = "visit"


ACCOUNT_STATUS_LABELS = {
    AccountStatus.NORMAL: _l("Normal"),
    AccountStatus.OPENED: _l("Opened"),
    AccountStatus.DEFERRED: _l("Deferred"),
    AccountStatus.CLOSED: _l("Closed"),
    AccountStatus.SEALED: _l("Sealed"),
    AccountStatus.OTHER: _l("Other"),
}
SOURCE_LABELS = {
    "registry": _l("Business registry"),
    "bank": _l("Bank"),
    "social_insurance": _l("Social insurance"),
    "statement": _l("Monthly statement"),
    "tip": _l("Tip-off"),
    "partner": _l("Partner office"),
}
ROLE_LABELS = {
    ContactRole.HANDLER: _l("Handler"),
    ContactRole.LEGAL_REP: _l("Legal representative"),
    ContactRole.PERSON_IN_CHARGE: _l("Person in charge"),
    ContactRole.FINANCE: _l("Financial staff"),
    ContactRole.HR: _l("Personnel staff"),
}
VERIFIED_HOW_LABELS = {
    VerifiedHow.CALL: _l("By a call"),
    VerifiedHow.VISIT: _l("On a visit"),
    VerifiedHow.SMS_REPLY: _l("By an SMS reply"),
    VerifiedHow.DOCUMENT: _l("By a document"),
    VerifiedHow.NOTICE: _l("By confirming a notice"),
}
CHANNEL_LABELS = {
    PreferredChannel.CALL: _l("Telephone call"),
    PreferredChannel.SMS: _l("Text message"),
    PreferredChannel.WECHAT: _l("WeChat"),
    PreferredChannel.EMAIL: _l("E-mail"),
    PreferredChannel.LETTER: _l("Letter"),
    PreferredChannel.VISIT: _l("Visit"),
}


_MERGED = text("merged_into_id IS NOT NULL")
_BACKED = text("backup_owner_id IS NOT NULL")


class Employer(Timestamps, Model):
    """Unit information and account information of JGJ/T 320, with what the department adds."""

    __tablename__ = "employers"
    __table_args__ = (
        Index("ix_employers_branch_stage", "branch_id", "stage", "heads", "id"),
        Index("ix_employers_owner", "owner_id", "stage"),
        # holds only those that have one; with the owner's, what somebody sees who sees only his own
        Index("ix_employers_backup", "backup_owner_id", sqlite_where=_BACKED, postgresql_where=_BACKED),
        Index("ix_employers_name", "name", "id"),
        Index("ix_employers_heads", "heads", "id"),
        Index("ix_employers_quality", "data_quality", "id"),
        # holds only the few that were merged, so that imports pay nothing for it
        Index("ix_employers_merged", "merged_into_id", sqlite_where=_MERGED, postgresql_where=_MERGED),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(255))
    #: normalised (width, brackets, spaces) for matching where no code is known
    name_key: Mapped[str] = mapped_column(String(255), index=True)
    uscc: Mapped[str | None] = mapped_column(String(18), unique=True)
    employer_account_no: Mapped[str | None] = mapped_column(String(20), unique=True)
    stage: Mapped[Stage] = mapped_column(EnumText(Stage), default=Stage.PROSPECT)
    stage_since: Mapped[datetime] = mapped_column(default=now)

    branch_id: Mapped[int] = mapped_column(ForeignKey("branches.id"))
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    backup_owner_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    #: whoever first met the employer answers to the end (首问负责); never changes
    first_contact_owner_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))

    #: where the employer was first heard of: registry, bank, social_insurance, statement, tip, partner
    source: Mapped[str] = mapped_column(String(32), default="registry")
    #: as of when that source named it
    source_as_of: Mapped[date | None] = mapped_column(default=today)
    #: the day of the newest registry file that named it
    registry_as_of: Mapped[date | None]
    #: the day of the newest list of another office or a bank that named it; its rows are `employer_sources`
    listed_on: Mapped[date | None]
    #: source and day of fields that are of neither the registry's day nor the statement's month
    told: Mapped[dict[str, Any] | None]
    eligible: Mapped[bool] = mapped_column(default=True)
    #: a msgid: why the employer need not contribute
    ineligible_reason: Mapped[str | None] = mapped_column(String(200))
    registry_type: Mapped[str | None] = mapped_column(String(60))
    #: this and the next ones are codes of `core.code_tables`
    unit_type: Mapped[str | None] = mapped_column(String(3), info=of_table("unit_type"))
    economic_type: Mapped[str | None] = mapped_column(String(3), index=True, info=of_table("economic_type"))
    industry: Mapped[str | None] = mapped_column(String(4), info=of_table("industry"))
    #: the industry as the registry writes it, which may be finer than the table of codes
    industry_written: Mapped[str | None] = mapped_column(String(80))
    affiliation: Mapped[str | None] = mapped_column(String(2), info=of_table("affiliation"))
    operating_status: Mapped[str | None] = mapped_column(String(2), info=of_table("operating_status"))
    #: who said so (table fact_source), and of which day that is
    operating_status_source: Mapped[str | None] = mapped_column(String(2), info=of_table("fact_source"))
    operating_status_as_of: Mapped[date | None]
    registered_capital: Mapped[str | None] = mapped_column(String(60))
    business_scope: Mapped[str | None] = mapped_column(Text)
    established_on: Mapped[date | None] = mapped_column(index=True)
    address: Mapped[str | None] = mapped_column(String(255))
    #: street or town, as some file has written it
    area: Mapped[str | None] = mapped_column(String(60), index=True)
    #: the place in the tree of areas
    area_id: Mapped[int | None] = mapped_column(ForeignKey("areas.id"), index=True)
    postal_code: Mapped[str | None] = mapped_column(String(6))
    email: Mapped[str | None] = mapped_column(String(120))
    insured_heads: Mapped[int | None]
    insured_as_of: Mapped[date | None]
    insured_source: Mapped[str | None] = mapped_column(String(2), info=of_table("fact_source"))

    account_status: Mapped[AccountStatus | None] = mapped_column(EnumText(AccountStatus))
    account_opened_on: Mapped[date | None] = mapped_column(index=True)
    account_closed_on: Mapped[date | None]
    account_closing_reason: Mapped[str | None] = mapped_column(String(2), info=of_table("closing_reason"))
    account_balance: Mapped[Decimal | None] = mapped_column(Money)
    #: the entrusted bank: its code, and the office that keeps the account
    bank_code: Mapped[str | None] = mapped_column(String(3), info=of_table("bank"))
    bank_name: Mapped[str | None] = mapped_column(String(255))
    employee_accounts_on: Mapped[date | None]
    online_signed_on: Mapped[date | None] = mapped_column(index=True)
    first_contribution_month: Mapped[Period | None]
    first_employee_added_on: Mapped[date | None]
    heads: Mapped[int | None]
    sealed_heads: Mapped[int | None]
    employer_rate: Mapped[Decimal | None] = mapped_column(Rate)
    employee_rate: Mapped[Decimal | None] = mapped_column(Rate)
    monthly_amount: Mapped[Decimal | None] = mapped_column(Money)
    paid_through: Mapped[Period | None]
    #: day of the month on which wages are paid
    pay_day: Mapped[int | None]
    #: as the latest statement left it; `arrears_as_of` says when that was reckoned
    arrears_months: Mapped[int] = mapped_column(default=0)
    arrears_as_of: Mapped[date | None]
    statement_period: Mapped[Period | None]
    #: the day of the latest statement that named the handler who was there, and of the latest with the
    #: mobile number and the landline that are known
    handler_named_on: Mapped[date | None]
    handler_number_on: Mapped[date | None]
    handler_landline_on: Mapped[date | None]
    last_contact_on: Mapped[date | None] = mapped_column(index=True)
    #: how complete the data are, up to 100: kept for lists to sort by (employers.profile)
    data_quality: Mapped[int | None]
    #: the record that goes on in place of this one, which is only a signpost any more (employers.merging)
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("employers.id"))

    branch: Mapped[Branch] = relationship()
    place: Mapped[Area | None] = relationship()
    owner: Mapped[User | None] = relationship(foreign_keys=[owner_id])
    backup_owner: Mapped[User | None] = relationship(foreign_keys=[backup_owner_id])
    first_contact_owner: Mapped[User | None] = relationship(foreign_keys=[first_contact_owner_id])
    contacts: Mapped[list["EmployerContact"]] = relationship(
        back_populates="employer", cascade="all, delete-orphan", order_by="EmployerContact.id"
    )
    former_names: Mapped[list["FormerName"]] = relationship(
        back_populates="employer", cascade="all, delete-orphan", order_by="FormerName.until.desc()"
    )

    @validates("name")
    def _key_of_name(self, _attribute: str, name: str) -> str:
        self.name_key = name_key(name)
        return name

    @validates("first_contact_owner_id")
    def _first_stays(self, _attribute: str, user_id: int | None) -> int | None:
        if self.first_contact_owner_id not in (None, user_id):
            raise ValueError("whoever first met an employer never changes")
        return user_id


class Contact(Timestamps, Model):
    """A person; one handler may serve many employers."""

    __tablename__ = "contacts"
    __table_args__ = (
        Index("ix_contacts_name", "name", "id"),
        # holds only the few that were merged
        Index("ix_contacts_merged", "merged_into_id", sqlite_where=_MERGED, postgresql_where=_MERGED),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    mobile: Mapped[str | None] = mapped_column(String(20), index=True)
    #: sealed; `masked` shows some of it, `opened` all. Set both by core.personal.sealed.sealed_with_index
    id_number: Mapped[Sealed | None] = mapped_column(SealedText(ID_NUMBER))
    id_number_index: Mapped[str | None] = mapped_column(String(80), index=True)
    #: of which document (table id_type); None where the number is not known, or the resident's card is meant
    id_type: Mapped[str | None] = mapped_column(String(2), info=of_table("id_type"))
    #: when name and numbers were deleted, long after the last role had ended
    forgotten_on: Mapped[date | None]
    landline: Mapped[str | None] = mapped_column(String(30))
    email: Mapped[str | None] = mapped_column(String(120))
    #: that the mobile number is this person's: when, how and by whom it was made sure
    verified_on: Mapped[date | None]
    verified_how: Mapped[VerifiedHow | None] = mapped_column(EnumText(VerifiedHow))
    verified_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    #: since when the number is known to be dead
    invalid_since: Mapped[date | None]
    preferred_channel: Mapped[PreferredChannel | None] = mapped_column(EnumText(PreferredChannel))
    #: who said each number and address, and on which day: {"mobile": ["office", "2026-11-05"]}
    told: Mapped[dict[str, Any] | None]
    #: the record that goes on in place of this one (employers.people)
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("contacts.id"))

    employers: Mapped[list["EmployerContact"]] = relationship(
        back_populates="contact", order_by="EmployerContact.id"
    )
    verified_by: Mapped[User | None] = relationship()


class EmployerContact(Model):
    """What a person is to an employer, and from when to when."""

    __tablename__ = "employer_contacts"
    __table_args__ = (
        Index("ix_employer_contacts_employer", "employer_id", "role"),
        Index("ix_employer_contacts_contact", "contact_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    employer_id: Mapped[int] = mapped_column(ForeignKey("employers.id", ondelete="CASCADE"))
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"))
    role: Mapped[ContactRole] = mapped_column(EnumText(ContactRole))
    since: Mapped[date | None]
    until: Mapped[date | None]
    #: the letter of authorisation: its name, number and date; its scan is attached to this role
    authorisation: Mapped[str | None] = mapped_column(String(200))
    authorised_until: Mapped[date | None]
    #: who said that the role began, or ended, and on which day; None for roles of unknown origin
    told_by: Mapped[str | None] = mapped_column(String(12))
    told_on: Mapped[date | None]

    employer: Mapped[Employer] = relationship(back_populates="contacts")
    contact: Mapped[Contact] = relationship(back_populates="employers", lazy="joined")


class FormerName(Model):
    __tablename__ = "former_names"

    id: Mapped[int] = mapped_column(primary_key=True)
    employer_id: Mapped[int] = mapped_column(ForeignKey("employers.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(255))
    name_key: Mapped[str] = mapped_column(String(255), index=True)
    since: Mapped[date | None]
    until: Mapped[date | None]
    #: the document: its name, number and date
    proof: Mapped[str | None] = mapped_column(String(255))

    employer: Mapped[Employer] = relationship(back_populates="former_names")

    @validates("name")
    def _key_of_name(self, _attribute: str, name: str) -> str:
        self.name_key = name_key(name)
        return name
