"""What a notice shows."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import joinedload

from app.core.db import db
from app.employers.models import Employer
from app.tasks.models import Task, TaskState
from campaigns.drafting.content.models import VARIABLES
from campaigns.drafting.content.policy import ACCOUNT_VARIABLES, TOKEN_LENGTH
from campaigns.drafting.models import AudienceMember
from campaigns.ledger.models import Message
from campaigns.ledger.workflow import OPEN
from campaigns.notices.policy import UNSENT

#: What a request of a notice is called among the sources of tasks.
SOURCE = "notice"

#: Stands for the link; texts are Chinese whatever language the page is read in.
HERE = "本页"

_TOKEN = re.compile(rf"[A-Za-z0-9_-]{{{TOKEN_LENGTH}}}")
_SIGNATURE = re.compile(r"^【[^】]*】")


@dataclass(frozen=True)
class About:
    """One employer that the notice speaks of, with its own figures as (label, text)."""

    employer_id: int
    name: str
    figures: tuple[tuple[Any, str], ...]


def find(token: str, *, lock: bool = False) -> Message | None:
    """The message that this link belongs to, if it was handed over; found by index."""
    if not _TOKEN.fullmatch(token):
        return None
    query = (
        select(Message)
        .where(Message.token == token, Message.state.not_in(UNSENT))
        .options(joinedload(Message.campaign))
    )
    if lock:
        query = query.with_for_update(of=Message).execution_options(populate_existing=True)
    return db.session.scalar(query)


def old_links(before: datetime) -> Select[int]:
    """The ids of messages from before that are settled and still have a link."""
    return select(Message.id).where(
        Message.token.is_not(None), Message.created_at < before, Message.state.not_in(OPEN)
    )


def about(message: Message) -> Sequence[About]:
    """The employers that the message speaks for, as they were when it was approved."""
    query = (
        select(Employer.id, Employer.name, AudienceMember.own_variables)
        .join(AudienceMember, AudienceMember.employer_id == Employer.id)
        .where(
            or_(AudienceMember.id == message.member_id, AudienceMember.merged_into_id == message.member_id)
        )
        .order_by(AudienceMember.id)
    )
    return [
        About(employer_id, name, tuple(_figures(own))) for employer_id, name, own in db.session.execute(query)
    ]


def _figures(own: dict[str, str]) -> list[tuple[Any, str]]:
    told = ACCOUNT_VARIABLES & own.keys()
    return [(variable.label, own[name]) for name, variable in VARIABLES.items() if name in told]


def body(message: Message) -> str:
    """The message without its signature; its link would lead to where the reader is already."""
    text = _SIGNATURE.sub("", message.text)
    return re.sub(rf"https?://\S*?{re.escape(message.token or '')}", HERE, text) if message.token else text


def open_request(message: Message) -> Task | None:
    """What the reader asked for and still waits for."""
    query = select(Task).where(
        Task.source_type == SOURCE, Task.source_id == message.id, Task.state == TaskState.OPEN
    )
    return db.session.scalars(query.order_by(Task.id.desc()).limit(1)).first()
