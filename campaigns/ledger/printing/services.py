"""Forms print batches, puts their documents together, and takes note of what was spoilt or posted."""

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO

from flask import current_app
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, insert, select

from app.attachments.queries import kind_of, path_of
from app.attachments.services import attach, checked
from app.core.clock import now
from app.core.db import db
from app.core.documents.pdf_pages import Part, gathered
from app.core.errors import DomainError
from app.core.files.kept import drafted
from app.core.permissions import Actor
from app.core.sheets.cells import plain_text
from app.core.sheets.headings import Heading
from app.core.sheets.reading import LIMITS, open_table
from app.core.workflow.engine import transition
from campaigns.channels.letter.issued.models import LetterState
from campaigns.channels.letter.issued.workflow import LETTER, tracking_number
from campaigns.channels.letter.policy import BATCH
from campaigns.drafting.queries import find as find_campaign
from campaigns.ledger.letters.services import make_anew
from campaigns.ledger.printing import queries
from campaigns.ledger.printing.models import PrintBatch, PrintLine, PrintState
from campaigns.ledger.printing.workflow import PRINT_BATCH


def form(campaign_id: int) -> list[int]:
    """Puts made letters into batches: full ones as long as letters are being made, then the rest too.

    Gives the ids of new batches. Holds the campaign, so that two callers make no batch twice. Flushes.
    """
    campaign = find_campaign(campaign_id, None, lock=True)
    letters = queries.unbatched(campaign_id)
    most = BATCH.value()
    if queries.being_made(campaign_id):
        letters = letters[: len(letters) // most * most]
    last = select(func.coalesce(func.max(PrintBatch.number), 0)).where(PrintBatch.campaign_id == campaign_id)
    number = db.session.scalars(last).one()
    made = []
    for first in range(0, len(letters), most):
        number += 1
        batch = PrintBatch(
            campaign_id=campaign_id, branch_id=campaign.branch_id, by_id=campaign.created_by_id,
            number=number, lines=len(letters[first : first + most]),
        )  # fmt: skip
        db.session.add(batch)
        db.session.flush()
        rows = [
            {"batch_id": batch.id, "number": n, "letter_id": letter.id, "page": 0}
            for n, letter in enumerate(letters[first : first + most], 1)
        ]
        db.session.execute(insert(PrintLine), rows)
        made.append(batch.id)
    return made


def bind(batch_id: int) -> None:
    """Gathers the letters of a batch from the archive into its document; twice changes nothing. Flushes."""
    batch = db.session.get(PrintBatch, batch_id, with_for_update=True)
    if batch is None or batch.sha256:
        return
    lines = queries.in_order(batch_id)
    parts = [
        Part(path_of(line.letter.sha256), line.letter.first_page or 0, line.letter.pages or 0)
        for line in lines
    ]
    document, begins = gathered(parts)
    for line, begin in zip(lines, begins, strict=True):
        line.page = begin + 1
    batch.pages = begins[-1] + parts[-1].pages + parts[-1].pages % 2
    with checked(io.BytesIO(document)) as incoming:
        batch.sha256 = incoming.draft.sha256
        attach(kind_of(batch), batch, incoming, f"{batch.campaign.name}-{batch.number}.pdf", None)
    db.session.flush()


def spoil(line: PrintLine, reason: str, actor: Actor) -> None:
    """The letter on this line is void and keeps its number; the next one for the employer goes into a later
    batch. Raises DomainError once it was posted, or nobody says why."""
    if not reason.strip():
        raise DomainError(_l("Say what is wrong with the letter."))
    if line.spoilt_at is not None:
        raise DomainError(_l("This line is marked as spoilt already."))
    if line.letter.state is not LetterState.ISSUED:
        raise DomainError(_l("This letter was posted already: record what became of it."))
    make_anew(line.letter)
    transition(LETTER, line.letter, "void", actor, answers={"reason": reason.strip()})
    line.spoilt_at, line.reason = now(), reason.strip()
    db.session.flush()


@dataclass(frozen=True)
class Listed:
    """A line of the print room's list; `spoilt` says why it is."""

    row: int
    line: int
    number: str
    tracking_no: str
    spoilt: str


@dataclass(frozen=True)
class Taken:
    """What a list came to."""

    counted_in: int
    spoilt: int
    posted: int


def take_list(batch: PrintBatch, stream: BinaryIO, on: date, actor: Actor) -> Taken:
    """Takes the manifest back: spoilt lines are made anew, the good ones counted in and posted.

    All or nothing. Raises SheetRefused for what is no spreadsheet, DomainError with every line that differs
    from the batch, or that cannot be taken.
    """
    if batch.state is PrintState.READY:
        raise DomainError(_l("The batch was not handed to print yet."))
    with drafted(Path(current_app.instance_path) / "uploads", stream, LIMITS.file) as draft:
        listed = list(_listed(draft.path))
    lines = {line.number: line for line in queries.in_order(batch.id)}
    if reasons := _differences(lines, listed):
        raise DomainError(_l("Nothing was recorded:"), reasons)
    bad = [one for one in listed if one.spoilt and lines[one.line].spoilt_at is None]
    for one in bad:
        spoil(lines[one.line], one.spoilt[:200], actor)
    good = [one for one in listed if lines[one.line].spoilt_at is None]
    if batch.state is PrintState.OUT:
        answers = {"returned_on": on, "count_in": len(good)}
        transition(PRINT_BATCH, batch, "take_in", actor, answers=answers)
    to_post = LETTER.named("post").sources
    pairs = [
        (one.line, one.tracking_no)
        for one in good
        if one.tracking_no
        and lines[one.line].letter.state in to_post
        and lines[one.line].letter.tracking_no != one.tracking_no
    ]
    return Taken(len(good), len(bad), post(batch, on, pairs, actor))


#: what the columns of the manifest are called, here or at the print room
HEADINGS = (
    Heading("line", ("行号", "序号", "Line"), True),
    Heading("number", ("发文字号", "文号", "Number of the letter"), True),
    Heading("tracking_no", ("邮件号", "邮件号码", "运单号", "挂号号码", "Tracking number")),
    Heading("spoilt", ("印废", "印废原因", "作废", "作废原因", "Spoilt")),
)


def _listed(path: Path) -> Iterator[Listed]:
    with open_table(path, HEADINGS) as table:
        for block in table.rows:
            for row in block:
                said = {
                    name: plain_text(row.cells[at]) if at < len(row.cells) else ""
                    for name, at in table.columns.items()
                }
                line = said["line"].partition("-")[2] or said["line"]
                yield Listed(
                    row.number, int(line) if line.isdecimal() else 0, said["number"],
                    tracking_number(said.get("tracking_no", "")), said.get("spoilt", "").strip(),
                )  # fmt: skip


def _differences(lines: Mapping[int, PrintLine], listed: Sequence[Listed]) -> list[Any]:
    """Where list and batch are not the same pile of letters."""
    reasons: list[Any] = []
    seen: set[int] = set()
    for one in listed:
        line = lines.get(one.line)
        if line is None or "".join(one.number.split()) != line.letter.number:
            reasons.append(_l("Row %(row)s: this letter is not on this line of the batch.", row=one.row))
        elif one.line in seen:
            reasons.append(_l("Row %(row)s: line %(line)s stands there twice.", row=one.row, line=one.line))
        elif one.spoilt and one.tracking_no and line.spoilt_at is None:
            reasons.append(_l("Row %(row)s: what is spoilt is not posted.", row=one.row))
        seen.add(one.line)
    missing = [number for number, line in lines.items() if number not in seen and line.spoilt_at is None]
    reasons += [_l("Line %(line)s is missing in the list.", line=number) for number in missing]
    return reasons


def post(batch: PrintBatch, posted_on: date, pairs: Sequence[tuple[int, str]], actor: Actor) -> int:
    """Records posting line by line, as (line, tracking number); all or nothing. Gives how many.

    Raises DomainError with every line that is none or that cannot be posted.
    """
    if batch.state is not PrintState.RETURNED:
        raise DomainError(_l("The batch has not come back from printing."))
    lines = {line.number: line for line in queries.in_order(batch.id)}
    reasons: list[Any] = []
    for number, tracking_no in pairs:
        line = lines.get(number)
        if line is None or line.spoilt_at is not None:
            reasons.append(_l("Line %(number)s: there is no good letter on it.", number=number))
            continue
        answers = {"posted_on": posted_on, "tracking_no": tracking_no}
        try:
            transition(LETTER, line.letter, "post", actor, answers=answers)
        except DomainError as refusal:
            words = refusal.reasons or (refusal.message,)
            reasons += [_l("Line %(number)s: %(why)s", number=number, why=why) for why in words]
    if reasons:
        raise DomainError(_l("Nothing was recorded:"), reasons)
    return len(pairs)
