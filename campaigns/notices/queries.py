"""What a reader has in hand, by a message or a letter, and what its page shows."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Any

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import joinedload

from app.accounts.models import Branch
from app.core.clock import now
from app.core.db import db
from app.employers.models import Contact, Employer
from app.tasks.models import Task, TaskState
from campaigns.channels.letter.issued.models import Letter, LetterState
from campaigns.channels.letter.issued.queries import handler_of
from campaigns.channels.sms.models import OptOut
from campaigns.drafting.content.models import VARIABLES
from campaigns.drafting.content.policy import ACCOUNT_VARIABLES, TOKEN_LENGTH
from campaigns.drafting.models import AudienceMember
from campaigns.ledger.models import Message
from campaigns.ledger.workflow import OPEN
from campaigns.notices.policy import DIGITS, LETTER_DAYS, LINK_DAYS, UNSENT

#: Stands for the link; texts are Chinese whatever language the page is read in.
HERE = "本页"

_TOKEN = re.compile(rf"[A-Za-z0-9_-]{{{TOKEN_LENGTH}}}")
_SIGNATURE = re.compile(r"^【[^】]*】")


class Source(StrEnum):
    """By what somebody came to the notice."""

    MESSAGE = "message"
    LETTER = "letter"


class Way(StrEnum):
    """By which number the reader proved to be the right one."""

    MOBILE = "mobile"
    ACCOUNT = "account"
    CREDIT = "credit"


@dataclass(frozen=True)
class About:
    """One employer that the notice speaks of, with its own figures as (label, text)."""

    employer_id: int
    name: str
    account: str | None = None
    figures: tuple[tuple[Any, str], ...] = ()


@dataclass(frozen=True)
class Notice:
    """A message or a letter, as its reader sees it; `record` keeps what was done, each the first time."""

    source: Source
    record: Message | Letter
    title: str
    branch: Branch
    until: datetime
    #: where the entries of the timeline lead
    endpoint: str
    link_id: int
    #: as whose number the digits are asked for
    phone: str | None

    @property
    def token(self) -> str:
        """Names it in the address."""
        return self.record.token or ""

    @property
    def key(self) -> str:
        """Names it in a browser's cookie."""
        return f"{self.source}:{self.record.id}"

    @property
    def task_source(self) -> tuple[str, int]:
        """What its requests are called among the sources of tasks."""
        return ("notice" if self.source is Source.MESSAGE else "letter_notice"), self.record.id

    @property
    def subject(self) -> tuple[str, int]:
        """What the trail calls it."""
        return self.record.__tablename__, self.record.id

    @property
    def letter(self) -> Letter | None:
        """The letter, if it is one."""
        return self.record if isinstance(self.record, Letter) else None

    @cached_property
    def about(self) -> Sequence[About]:
        """The employers that it speaks for."""
        return _about(self.record)

    @cached_property
    def contact(self) -> Contact | None:
        """Whose number it was sent to; nobody once that is another: a stranger may hold the old one."""
        record = self.record
        found = record.contact if isinstance(record, Message) else handler_of(record.employer)
        return found if found is not None and self.phone and found.mobile == self.phone else None

    @cached_property
    def ends(self) -> Mapping[Way, str]:
        """The ends of numbers that open it. An account opens only what speaks of its employer alone.

        Who is urged to register has no account yet: such a letter opens by the end of the credit code too.
        """
        numbers = {Way.MOBILE: self.phone, Way.ACCOUNT: self._account}
        if isinstance(self.record, Letter) and not self.record.account:
            numbers[Way.CREDIT] = self.record.employer.uscc
        return {way: one[-DIGITS:] for way, one in numbers.items() if one and len(one) >= DIGITS}

    @property
    def _account(self) -> str | None:
        if isinstance(self.record, Letter):
            return self.record.account
        return self.about[0].account if len(self.about) == 1 else None

    @property
    def body(self) -> str:
        """A message without its signature; its link would lead to where the reader is already."""
        if not isinstance(self.record, Message):
            return ""
        text = _SIGNATURE.sub("", self.record.text)
        return re.sub(rf"https?://\S*?{re.escape(self.token)}", HERE, text) if self.token else text


def find(source: Source, token: str, *, lock: bool = False) -> Notice | None:
    """What this link leads to. None if it is wrong, too old, void or never left: nobody is told which."""
    notice = _message(token, lock) if source is Source.MESSAGE else _letter(token, lock)
    return notice if notice is not None and notice.until > now() else None


def _message(token: str, lock: bool) -> Notice | None:
    if not _TOKEN.fullmatch(token):
        return None
    query = (
        select(Message)
        .where(Message.token == token, Message.state.not_in(UNSENT))
        .options(joinedload(Message.campaign))
    )
    if lock:
        query = query.with_for_update(of=Message).execution_options(populate_existing=True)
    found = db.session.scalar(query)
    if found is None:
        return None
    campaign = found.campaign
    until = found.created_at + timedelta(days=LINK_DAYS.value())
    return Notice(
        Source.MESSAGE, found, campaign.name, campaign.branch, until, "results.show", campaign.id, found.phone
    )


def _letter(token: str, lock: bool) -> Notice | None:
    query = select(Letter).where(Letter.token == token, Letter.state != LetterState.VOID)
    if lock:
        query = query.with_for_update(of=Letter).execution_options(populate_existing=True)
    found = db.session.scalar(query)
    if found is None:
        return None
    until = found.created_at + timedelta(days=LETTER_DAYS.value())
    title = f"{found.data['title']} {found.number}"
    return Notice(Source.LETTER, found, title, found.branch, until, "letters.show", found.id, found.phone)


def old_links(before: datetime) -> Select[int]:
    """The ids of messages from before that are settled and still have a link."""
    return select(Message.id).where(
        Message.token.is_not(None), Message.created_at < before, Message.state.not_in(OPEN)
    )


def _about(record: Message | Letter) -> Sequence[About]:
    if isinstance(record, Letter):
        return [About(record.employer_id, record.employer.name, record.account)]
    spoken_for = or_(
        AudienceMember.id == record.member_id, AudienceMember.merged_into_id == record.member_id
    )  # fmt: skip
    query = (
        select(Employer.id, Employer.name, Employer.employer_account_no, AudienceMember.own_variables)
        .join(AudienceMember, AudienceMember.employer_id == Employer.id)
        .where(spoken_for)
        .order_by(AudienceMember.id)
    )
    return [
        About(employer_id, name, account, tuple(_figures(own)))
        for employer_id, name, account, own in db.session.execute(query)
    ]


def _figures(own: dict[str, str]) -> list[tuple[Any, str]]:
    told = ACCOUNT_VARIABLES & own.keys()
    return [(variable.label, own[name]) for name, variable in VARIABLES.items() if name in told]


def open_request(notice: Notice) -> Task | None:
    """What the reader asked for and still waits for."""
    kind, number = notice.task_source
    query = select(Task).where(
        Task.source_type == kind, Task.source_id == number, Task.state == TaskState.OPEN
    )  # fmt: skip
    return db.session.scalars(query.order_by(Task.id.desc()).limit(1)).first()


def unwanted(notice: Notice) -> frozenset[str]:
    """The classes of messages that the reader wants no more of."""
    if notice.contact is None:
        return frozenset()
    query = select(OptOut.message_class).where(
        OptOut.contact_id == notice.contact.id, OptOut.message_class.is_not(None)
    )
    return frozenset(str(one) for one in db.session.scalars(query))
