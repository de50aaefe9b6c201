"""What the ledger knows of a gateway, and nothing more.

A gateway is one account at one provider. It never raises for what the network does: every message handed to
`submit` comes back with an `Answer`, because the ledger must write down something true for each of them.
What there is one of for every message is a named tuple: made in a third of the time of a frozen dataclass.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Protocol


class Answer(StrEnum):
    """What a gateway said about one message handed to it."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"  # refused for good; `code` says why
    NOT_TAKEN = "not_taken"  # certainly not sent: no connection, or asked to come back later
    UNKNOWN = "unknown"  # handed over, then silence: it may or may not go out


class Outcome(StrEnum):
    """What finally became of one message, as the operators report it."""

    PENDING = "pending"  # the gateway knows the message and waits for the operator
    DELIVERED = "delivered"
    FAILED = "failed"
    EXPIRED = "expired"


class FailureClass(StrEnum):
    """What a provider's code asks of us. The codes differ by operator, the reactions do not."""

    DEAD_NUMBER = "dead_number"  # the contact needs checking
    TEMPORARY = "temporary"  # phone off, out of coverage
    OPT_OUT = "opt_out"  # on the gateway's blacklist
    CONTENT = "content"  # text or signature refused: every other message will be too, pause
    FLOW_CONTROL = "flow_control"  # too fast: slow down and send again
    ACCOUNT = "account"  # no balance, locked: stop and tell somebody
    OTHER = "other"


class Outgoing(NamedTuple):
    """One message to send.

    `key` is the ledger row's own id and the idempotency key; `text` starts with its 【signature】. `claim`
    names the hand-over: providers that know no keys repeat it in their receipts, and with the phone it is
    one message.
    """

    key: str
    phone: str
    text: str
    claim: str = ""


class Submission(NamedTuple):
    """The gateway's answer for one message."""

    key: str
    answer: Answer
    code: str | None = None
    gateway_id: str | None = None


class Receipt(NamedTuple):
    """What the gateway reports about one message, pushed or asked for.

    A provider that knows no keys leaves `key` empty: then `number` (the claim, or the provider's own) and
    `phone` name the message.
    """

    key: str
    outcome: Outcome
    code: str | None
    at: datetime
    phone: str = ""
    number: str = ""


class Asked(NamedTuple):
    """A message that a gateway is asked about: some know it by its key, some by phone and number."""

    key: str
    phone: str = ""
    gateway_id: str | None = None
    claim: str | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """A text a person sent back. `id` is the gateway's own and makes a repeated push harmless.

    `signature`: of the message that it answers, without the brackets, where the gateway says so.
    """

    id: str
    phone: str
    text: str
    at: datetime
    signature: str = ""


@dataclass(frozen=True, slots=True)
class Callback:
    """An incoming request of a gateway, as much as is needed to check and read it."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    #: what stands behind the question mark, for providers that sign nothing and are given a secret address
    token: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """What the account allows: messages in one request, messages a second over all workers."""

    batch: int
    per_second: int


class BadCallback(Exception):
    """An incoming request is unsigned, stale, tampered with or unreadable; it changes nothing."""


class Gateway(Protocol):
    """One account at one provider."""

    @property
    def name(self) -> str:
        """Stable short name, stored on every message it carries and part of its callback addresses."""

    @property
    def limits(self) -> Limits:
        """Batch size and pace."""

    @property
    def idempotent(self) -> bool:
        """True only if the provider promises that a key submitted twice goes out once."""

    def submit(self, batch: Sequence[Outgoing]) -> list[Submission]:
        """Hand over up to `limits.batch` messages; gives one answer for each, and never raises."""

    def query(self, asked: Sequence[Asked]) -> list[Receipt] | None:
        """What became of messages; those it has never seen are left out; None: it could not be asked."""

    def pull(self) -> "Pulled":
        """What waits at the provider to be fetched; nothing where it only pushes, or could not be asked."""

    def parse_receipts(self, callback: Callback) -> list[Receipt]:
        """Read a pushed array of receipts, or raise BadCallback."""

    def parse_replies(self, callback: Callback) -> list[Reply]:
        """Read a pushed array of replies, or raise BadCallback."""

    @property
    def thanks(self) -> str:
        """What the provider wants to read once a push has been taken in; empty: no content."""


class Pulled(NamedTuple):
    """What a provider kept to be fetched. Fetching twice is harmless, as being pushed twice is."""

    receipts: Sequence[Receipt] = ()
    replies: Sequence[Reply] = ()


def all_answered(batch: Iterable[Outgoing], answer: Answer, code: str) -> list[Submission]:
    """The same answer for a whole batch: what a client returns when the request as a whole failed."""
    return [Submission(message.key, answer, code) for message in batch]


#: as long as the ledger keeps the names that gateways give to replies
LONGEST_ID = 64


def sound(receipt: Receipt, moment: datetime) -> Receipt:
    """The receipt as it can be written down: no clock of a gateway is ahead of ours, no text holds a NUL."""
    return receipt._replace(
        at=min(receipt.at, moment),
        key=_plain(receipt.key),
        phone=_plain(receipt.phone),
        number=_plain(receipt.number),
        code=None if receipt.code is None else _plain(receipt.code),
    )


def sound_reply(reply: Reply, moment: datetime) -> Reply:
    """The same of a reply; what is too long a name for one becomes its hash."""
    name = _plain(reply.id)
    short = name if len(name) <= LONGEST_ID else hashlib.sha256(name.encode()).hexdigest()
    return replace(
        reply, id=short, phone=_plain(reply.phone), text=_plain(reply.text), at=min(reply.at, moment)
    )


def _plain(text: str) -> str:
    """PostgreSQL refuses a NUL, and with it all that was pushed in the same array."""
    return text.replace("\x00", "")
