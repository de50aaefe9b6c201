"""Reads a list of employers and makes it a segment; a line that fits nobody is given back with its reason."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from flask import current_app
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.core.criteria.segments import LONGEST_NAME, Segment
from app.core.db import among, db, insert_new
from app.core.errors import DomainError
from app.core.files.kept import drafted
from app.core.permissions import Actor
from app.core.rules.identifiers import credit_code
from app.core.sheets.cells import REASONS, Cell, CellError, is_empty, plain_text
from app.core.sheets.headings import Heading
from app.core.sheets.reading import LIMITS, Table, open_table
from app.core.sheets.refusals import SheetRefused
from app.employers.handpicked.models import SegmentMember
from app.employers.handpicked.services import make
from app.employers.models import Employer
from app.employers.policy import not_merged, visible_to

HEADINGS = (
    Heading(
        "uscc", ("统一社会信用代码", "社会信用代码", "信用代码", "统一代码", "纳税人识别号", "Credit code")
    ),
    Heading(
        "account", ("单位账号", "单位公积金账号", "公积金账号", "单位公积金号", "账号", "Account number")
    ),
    Heading("name", ("单位名称", "企业名称", "名称", "Employer name")),
)
WAYS = (HEADINGS, HEADINGS[:1], HEADINGS[1:2])
CHUNK = 1000

HEADER = _l("The list needs a column “统一社会信用代码” or “单位账号” in its header row.")
EMPTY = _l("There is no row below the header.")
NOTHING = _l("Neither a credit code nor an account number.")
UNKNOWN = _l("No employer in your reach has this code or account number.")


@dataclass(frozen=True)
class Unmatched:
    """A line of the file, as Excel numbers it, that is nobody's."""

    number: int
    written: str
    reason: Any


@dataclass(frozen=True)
class Uploaded:
    """The segment that was made, how many employers it has, and the lines that fit none."""

    segment: Segment
    employers: int
    unmatched: tuple[Unmatched, ...]


@dataclass(frozen=True)
class _Line:
    number: int
    uscc: str
    account: str
    written: str


def take(stream: BinaryIO, name: str, actor: Actor) -> Uploaded:
    """A segment of one's own with the employers of the list, in the actor's reach. Flushes.

    Raises SheetRefused for what is no spreadsheet, DomainError for one without a single employer.
    """
    lines: list[_Line] = []
    unmatched: list[Unmatched] = []
    with drafted(Path(current_app.instance_path) / "uploads", stream, LIMITS.file) as draft:
        for found in _read(draft.path):
            if isinstance(found, _Line):
                lines.append(found)
            else:
                unmatched.append(found)
    ids: dict[int, int] = {}
    for start in range(0, len(lines), CHUNK):
        unmatched += _match(lines[start : start + CHUNK], ids, actor)
    if not ids:
        if not unmatched:
            raise DomainError(EMPTY)
        reasons = [f"{one.number}: {one.reason}" for one in unmatched[:5]]
        raise DomainError(_l("No line of this list fits an employer in your reach."), reasons)
    segment = make(name[:LONGEST_NAME], actor)
    rows = [{"segment_id": segment.id, "employer_id": one, "added_by_id": actor.id} for one in ids]
    db.session.execute(insert_new(SegmentMember), rows)
    return Uploaded(segment, len(ids), tuple(sorted(unmatched, key=lambda one: one.number)))


@contextmanager
def _opened(path: Path) -> Iterator[Table]:
    """The list, which may be a single column: that is no header yet where several are looked for."""
    with ExitStack() as stack:
        for headings in WAYS:
            try:
                table = stack.enter_context(open_table(path, headings))
                break
            except SheetRefused as refusal:
                if refusal.code != "no_header":
                    raise
        else:
            raise DomainError(HEADER)
        yield table


def _read(path: Path) -> Iterator[_Line | Unmatched]:
    with _opened(path) as table:
        if not {"uscc", "account"} & set(table.columns):
            raise DomainError(HEADER)
        for block in table.rows:
            for row in block:
                yield _line(row.number, row.cells, table)


def _line(number: int, cells: Sequence[Cell], table: Table) -> _Line | Unmatched:
    def cell(name: str) -> Cell:
        at = table.columns.get(name)
        found = cells[at] if at is not None and at < len(cells) else None
        return None if is_empty(found) else found

    code, account = cell("uscc"), plain_text(cell("account"))
    written = " ".join(filter(None, (plain_text(code), account, plain_text(cell("name")))))
    uscc, wrong = "", None  # a code that is wrong is not replaced by an account that may be another one's
    if code is not None:
        try:
            uscc = credit_code(code)
        except CellError as error:
            wrong = _l("The credit code %(problem)s.", problem=REASONS[error.code] % error.params)
    if wrong is not None or not (uscc or account):
        return Unmatched(number, written, wrong or NOTHING)
    return _Line(number, uscc, account, written)


def _match(lines: Sequence[_Line], ids: dict[int, int], actor: Actor) -> list[Unmatched]:
    """Adds the employers of these lines to `ids` (with the line); gives lines that fit none, or repeat.

    Where a line has a credit code, that decides: an account number beside it may have slipped by a row.
    """
    codes = {line.uscc for line in lines if line.uscc}
    accounts = {line.account for line in lines if line.account}
    known = among(Employer.uscc, codes) | among(Employer.employer_account_no, accounts)
    query = select(Employer.id, Employer.uscc, Employer.employer_account_no)
    by_code: dict[str | None, int] = {}
    by_account: dict[str | None, int] = {}
    seen = query.where(known, not_merged(), visible_to(actor))
    for employer_id, uscc, account in db.session.execute(seen):
        by_code[uscc] = by_account[account] = employer_id
    unmatched = []
    for line in lines:
        found = by_code.get(line.uscc) if line.uscc else by_account.get(line.account)
        if found is None:
            unmatched.append(Unmatched(line.number, line.written, UNKNOWN))
        elif found in ids:
            again = _l("The row repeats row %(row)s.", row=ids[found])
            unmatched.append(Unmatched(line.number, line.written, again))
        else:
            ids[found] = line.number
    return unmatched
