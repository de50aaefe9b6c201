"""Bill and manifest beside the ledger. Each count is of rows that a list shows; nothing here writes."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    String,
    and_,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    type_coerce,
)

from app.core.db import among, db
from app.core.permissions import Actor
from app.employers.models import Employer
from campaigns.channels.letter.issued.models import Letter, LetterState
from campaigns.channels.sms.text import cost
from campaigns.drafting.models import Campaign
from campaigns.drafting.policy import visible_to as campaigns_visible_to
from campaigns.following.queries import letters_of
from campaigns.ledger.letters.queries import OF_MESSAGE
from campaigns.ledger.models import LETTER, SMS, Message, MessageState
from campaigns.ledger.printing.models import PrintBatch, PrintLine, PrintState
from campaigns.results.queries import SENT
from campaigns.results.reconciling.models import BillLine
from campaigns.results.reconciling.policy import (
    DIFFERENCES,
    PRINT_DIFFERENCES,
    Printed,
    Verdict,
    visible_to,
)

#: what gateways bill or not, as they please
IN_VAIN = (MessageState.FAILED, MessageState.EXPIRED)
#: prices are whole ten-thousandths of a yuan in the database
_SCALE = Decimal(10_000)

# The bill --------------------------------------------------------------------------------------------


def _billed(campaign_id: int) -> Any:
    """Of each billed message of a campaign: lines, segments and ten-thousandths of a yuan."""
    price = type_coerce(BillLine.price, Integer)
    return (
        select(
            BillLine.message_id,
            func.count().label("lines"),
            func.sum(BillLine.segments).label("segments"),
            func.sum(BillLine.segments * price).label("amount"),
        )
        .join(Message, Message.id == BillLine.message_id)
        .where(Message.campaign_id == campaign_id)
        .group_by(BillLine.message_id)
        .subquery()
    )


@dataclass(frozen=True)
class Sides:
    """The joined statement of one campaign, and what it says of each of its rows."""

    rows: Select[Any]
    verdict: ColumnElement[str]
    billed: Any


def bill_of(campaign: Campaign) -> Sides:
    """Messages that were handed over or billed, each with its verdict."""
    billed = _billed(campaign.id)
    expected = Message.segments * int(campaign.price * _SCALE)
    verdict = case(
        (billed.c.lines.is_(None) & Message.state.in_(IN_VAIN), Verdict.FREE.value),
        (billed.c.lines.is_(None), Verdict.NOT_BILLED.value),
        (~SENT, Verdict.NOT_SENT.value),
        (billed.c.lines > 1, Verdict.TWICE.value),
        (billed.c.segments != Message.segments, Verdict.SEGMENTS.value),
        (billed.c.amount != expected, Verdict.COST.value),
        else_=Verdict.MATCHED.value,
    )
    rows = (
        select(Message)
        .join(Employer, Employer.id == Message.employer_id)
        .outerjoin(billed, billed.c.message_id == Message.id)
        .where(Message.campaign_id == campaign.id, Message.channel == SMS)
        .where(or_(SENT, billed.c.lines.is_not(None)))
    )
    return Sides(rows, verdict, billed)


@dataclass(frozen=True)
class Bill:
    """A campaign's messages beside the bill: how many by verdict; segments and yuan as owed and as billed."""

    by_verdict: Mapping[str, int]
    segments: int
    billed_segments: int
    cost: Decimal
    billed_cost: Decimal

    @property
    def billed(self) -> bool:
        """Whether any bill with messages of this campaign was imported."""
        return self.billed_segments > 0 or self.billed_cost > 0

    @property
    def differing(self) -> int:
        return sum(self.by_verdict.get(verdict, 0) for verdict in DIFFERENCES)

    def as_json(self) -> dict[str, Any]:
        """For the command line."""
        told = asdict(self) | {"cost": str(self.cost), "billed_cost": str(self.billed_cost)}
        return {**told, "imported": self.billed, "differing": self.differing}


def bill(campaign: Campaign) -> Bill:
    """One statement."""
    sides = bill_of(campaign)
    # what arrived nowhere and is not billed is not owed: a bill that agrees line by line has equal sums
    free = sides.verdict == Verdict.FREE.value
    owed = case((free, 0), (SENT, Message.segments), else_=0)
    sums = sides.rows.with_only_columns(
        sides.verdict.label("verdict"), func.count(), func.sum(owed), func.sum(sides.billed.c.segments),
        func.sum(sides.billed.c.amount), maintain_column_froms=True,
    ).group_by(sides.verdict)  # fmt: skip
    found = {str(verdict): [int(one or 0) for one in rest] for verdict, *rest in db.session.execute(sums)}
    segments, billed, amount = (sum(row[n] for row in found.values()) for n in (1, 2, 3))
    return Bill(
        {verdict: row[0] for verdict, row in found.items()}, segments, billed, cost(segments, campaign.price),
        (Decimal(amount) / _SCALE).quantize(Decimal("0.01")),
    )  # fmt: skip


def bill_rows(campaign: Campaign, verdicts: Sequence[str] = ()) -> Select[Any]:
    """What the list of a campaign's bill shows: all, or the rows with these verdicts."""
    sides = bill_of(campaign)
    columns = (
        Message, Employer.name.label("employer"), sides.billed.c.lines.label("lines"),
        sides.billed.c.segments.label("billed_segments"),
        cast(sides.billed.c.amount, Integer).label("amount"), sides.verdict.label("verdict"),
    )  # fmt: skip
    wanted = [sides.verdict.in_(verdicts)] if verdicts else []
    return sides.rows.where(*wanted).with_only_columns(*columns, maintain_column_froms=True)


def yuan(amount: int | None) -> Decimal | None:
    """Ten-thousandths of a yuan as yuan."""
    return None if amount is None else Decimal(amount) / _SCALE


def lines(actor: Actor | None) -> Select[*tuple[Any, ...]]:
    """Every imported line of the bills in reach, with the message that it is for."""
    return (
        select(
            BillLine, Message.campaign_id.label("campaign_id"), Campaign.name.label("campaign"),
            Message.segments.label("sent_segments"),
        )
        .outerjoin(Message, Message.id == BillLine.message_id)
        .outerjoin(Campaign, Campaign.id == Message.campaign_id)
        .where(visible_to(actor))
    )  # fmt: skip


def named(keys: Sequence[str], phones: Sequence[str], actor: Actor | None) -> Sequence[Any]:
    """Messages in reach that a bill may mean by these keys: id, own key, gateway's number, phone, account.

    The gateway's number, which a batch may share, counts with the phone, and is looked up by it.
    """
    query = (
        select(Message.id, Message.public_id, Message.gateway_id, Message.phone, Message.gateway)
        .join(Campaign, Campaign.id == Message.campaign_id)
        .where(campaigns_visible_to(actor), Message.channel == SMS)
    )
    own = query.where(among(Message.public_id, keys))
    theirs = query.where(among(Message.phone, phones), among(Message.gateway_id, keys))
    return [*db.session.execute(own), *db.session.execute(theirs)]


def known_lines(keys: Sequence[str], period: Any) -> dict[tuple[str, str, str], dict[str, Any]]:
    """Lines of the same month that are there already, by account, the bill's key and the masked number."""
    query = select(
        BillLine.id, BillLine.account, BillLine.message_key, BillLine.phone, BillLine.message_id,
        BillLine.segments, BillLine.price,
    ).where(BillLine.period == period, among(BillLine.message_key, keys))  # fmt: skip
    rows = db.session.execute(query)
    return {(row.account, row.message_key, row.phone): dict(row._mapping) for row in rows}


# The print manifests -----------------------------------------------------------------------------------


def print_of(campaign_id: int) -> tuple[Select[Any], ColumnElement[str]]:
    """Letters of the ledger that were made, each with its line on a manifest and its verdict."""
    verdict = case(
        (Letter.id.is_(None), Printed.NO_LETTER.value),
        (PrintLine.id.is_(None), Printed.NO_LINE.value),
        (PrintLine.spoilt_at.is_not(None), Printed.SPOILT.value),
        (PrintBatch.state != PrintState.RETURNED, Printed.UNDER_WAY.value),
        else_=Printed.MATCHED.value,
    )
    rows = (
        select(Message)
        .join(Employer, Employer.id == Message.employer_id)
        .outerjoin(Letter, OF_MESSAGE)
        .outerjoin(PrintLine, PrintLine.letter_id == Letter.id)
        .outerjoin(PrintBatch, PrintBatch.id == PrintLine.batch_id)
        .where(Message.campaign_id == campaign_id, Message.channel == LETTER, SENT)
    )
    return rows, verdict


def print_rows(campaign: Campaign, verdicts: Sequence[str] = ()) -> Select[*tuple[Any, ...]]:
    """What the list of a campaign's manifests shows: all, or the rows with these verdicts."""
    rows, verdict = print_of(campaign.id)
    number = (
        Letter.prefix + literal("〔") + cast(Letter.year, String) + literal("〕")
        + cast(Letter.serial, String) + literal("号")
    )  # fmt: skip
    columns = (
        Message, Employer.name.label("employer"), Letter.id.label("letter_id"), number.label("number"),
        PrintBatch.id.label("batch_id"), PrintBatch.number.label("batch"), PrintLine.number.label("line"),
        verdict.label("verdict"),
    )  # fmt: skip
    wanted = [verdict.in_(verdicts)] if verdicts else []
    return rows.where(*wanted).with_only_columns(*columns, maintain_column_froms=True)


def follow_up_letters(campaign_id: int) -> dict[str, int]:
    """Where the letters stand that steps of the campaign issued; printed singly, they are on no manifest."""
    states = letters_of(campaign_id).with_only_columns(Letter.state, func.count(), maintain_column_froms=True)
    rows = db.session.execute(states.where(Letter.id.is_not(None)).group_by(Letter.state))
    return {str(state): number for state, number in rows}


@dataclass(frozen=True)
class Batch:
    """A print batch: its lines, of which spoilt, valid letters on them, and both counts."""

    id: int
    number: int
    lines: int
    spoilt: int
    letters: int
    count_out: int | None
    count_in: int | None

    @property
    def good(self) -> int:
        return self.lines - self.spoilt

    @property
    def agrees(self) -> bool:
        """Valid letters, good lines and what was counted out and in are one number, as far as counted.

        A line that was spoilt after the counting is no difference of the counts.
        """
        counted = (self.count_out, self.count_in)
        return self.letters == self.good and all(
            one is None or self.good <= one <= self.lines for one in counted
        )


@dataclass(frozen=True)
class Manifests:
    """A campaign's letters beside its manifests."""

    by_verdict: Mapping[str, int]
    batches: Sequence[Batch]

    @property
    def differing(self) -> int:
        rows = sum(self.by_verdict.get(verdict, 0) for verdict in PRINT_DIFFERENCES)
        return rows + sum(not batch.agrees for batch in self.batches)

    def as_json(self) -> dict[str, Any]:
        """For the command line."""
        batches = [asdict(one) | {"agrees": one.agrees} for one in self.batches]
        return {"by_verdict": dict(self.by_verdict), "batches": batches, "differing": self.differing}


def manifests(campaign: Campaign) -> Manifests:
    """Two statements."""
    rows, verdict = print_of(campaign.id)
    counts = rows.with_only_columns(verdict, func.count(), maintain_column_froms=True).group_by(verdict)
    by_verdict = {str(name): int(number) for name, number in db.session.execute(counts)}
    spoilt, valid = PrintLine.spoilt_at.is_not(None), Letter.state != LetterState.VOID
    batches = (
        select(
            PrintBatch.id, PrintBatch.number, func.count(PrintLine.id),
            func.sum(case((spoilt, 1), else_=0)), func.sum(case((and_(valid, ~spoilt), 1), else_=0)),
            PrintBatch.count_out, PrintBatch.count_in,
        )
        .outerjoin(PrintLine, PrintLine.batch_id == PrintBatch.id)
        .outerjoin(Letter, Letter.id == PrintLine.letter_id)
        .where(PrintBatch.campaign_id == campaign.id)
        .group_by(PrintBatch.id, PrintBatch.number, PrintBatch.count_out, PrintBatch.count_in)
        .order_by(PrintBatch.number)
    )  # fmt: skip
    found = [
        Batch(id_, number, lines_, int(bad or 0), int(good or 0), out, back)
        for id_, number, lines_, bad, good, out, back in db.session.execute(batches)
    ]
    return Manifests(by_verdict, found)
