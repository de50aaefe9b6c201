"""Takes the post office's list: posting with tracking numbers, delivery, refusal, return, by the hundred."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from typing import IO, Any

from flask_babel import lazy_gettext as _l

from app.attachments.queries import kind_of
from app.attachments.services import Incoming, attach, checked
from app.core.clock import today
from app.core.db import db
from app.core.errors import DomainError
from app.core.importing.spec import Context, Line, Plan
from app.core.permissions import Actor
from app.core.workflow.engine import transition
from app.core.workflow.sets import note_restored, set_back
from campaigns.channels.letter.issued.models import BACK, Letter, LetterState, ReturnReason
from campaigns.channels.letter.issued.workflow import LETTER, TRACKING
from campaigns.channels.letter.posting import queries

S = LetterState
#: The step that the post's word means.
STEPS = {S.DELIVERED: "deliver", S.REFUSED: "refuse", S.RETURNED: "return"}

#: How the post puts the reasons of a return.
_REASONS = (
    (ReturnReason.NO_SUCH_ADDRESS, ("地址不详", "查无此址", "无此地址", "地址有误")),
    (ReturnReason.MOVED, ("迁移", "搬迁", "迁址", "搬走")),
    (ReturnReason.UNKNOWN_THERE, ("查无此人", "查无此单位", "原址查无", "无此单位")),
    (ReturnReason.UNCLAIMED, ("逾期", "无人领取", "未领", "无法投递", "无人签收")),
)


def return_reason(written: str | None) -> ReturnReason:
    """Ours for the post's words; the words themselves stay in the history."""
    words = written or ""
    return next((reason for reason, parts in _REASONS if any(p in words for p in parts)), ReturnReason.OTHER)


def plan(lines: Sequence[Line], context: Context) -> list[Plan]:
    """Compares a chunk of the list with the register."""
    numbers = {line.number: queries.number_of(line.values["number"]) for line in lines}
    letters = queries.numbered({one for one in numbers.values() if one}, context.actor)
    taken: dict[str, int] = context.memory.setdefault("taken", {})
    taken |= queries.tracked({one for line in lines if (one := line.values.get("tracking_no"))})
    return [_plan(line, letters.get(numbers[line.number] or ("", 0, 0)), taken, context) for line in lines]


def _plan(line: Line, letter: Letter | None, taken: dict[str, int], context: Context) -> Plan:
    made = Plan(line)
    if letter is None:
        made.reject("unknown", "number", value=line.values["number"])
        return made
    steps = _steps(letter, line.values, context)
    for code, column in _objections(letter, steps, taken):
        made.reject(code, column)
    if _of_another_parcel(letter, steps, line.values.get("tracking_no")):
        made.reject("other_parcel", "tracking_no", value=letter.tracking_no)
    if any(name == "post" for name, _answers in steps):
        for why in queries.why_not_posted(letter, context.actor):
            made.reject("not_yet", value=why)
    if steps and not made.reasons:
        fields = {name: value for _name, answers in steps for name, value in answers.items()}
        made.update(Letter, letter, fields)
        made.extra = (letter.state, steps)
        taken |= {fields["tracking_no"]: letter.id} if "tracking_no" in fields else {}
    return made


Step = tuple[str, dict[str, Any]]


def _steps(letter: Letter, values: Mapping[str, Any], context: Context) -> list[Step]:
    """What happened to the letter since, as far as the line tells."""
    steps: list[Step] = []
    wanted: LetterState | None = values.get("outcome")
    tracking_no, state = values.get("tracking_no"), letter.state
    if tracking_no and (state is S.ISSUED or (tracking_no != letter.tracking_no and state in BACK)):
        posted_on: date = values.get("posted_on") or min(context.as_of, today())
        steps.append(("post", {"posted_on": posted_on, "tracking_no": tracking_no}))
        state = S.POSTED
    if wanted in STEPS and wanted is not state:
        answers: dict[str, Any] = {"settled_on": values.get("settled_on") or min(context.as_of, today())}
        if wanted is S.DELIVERED:
            answers["received_by"] = values.get("received_by") or "—"
        else:
            said = values.get("reason")
            answers["reason"] = return_reason(said) if wanted is S.RETURNED else said or "—"
        steps.append((STEPS[wanted], answers))
    return steps


def _of_another_parcel(letter: Letter, steps: Sequence[Step], tracking_no: str | None) -> bool:
    """What became of another parcel proves nothing of this letter, unless it was posted anew with it."""
    here = letter.tracking_no
    known = bool(tracking_no and here and tracking_no != here)
    return known and bool(steps) and all(name != "post" for name, _answers in steps)


def _objections(letter: Letter, steps: Sequence[Step], taken: Mapping[str, int]) -> list[tuple[str, str]]:
    """Why the steps cannot be taken, as code and column."""
    found = []
    state, earliest = letter.state, letter.posted_on or letter.issued_on
    for name, answers in steps:
        step = LETTER.named(name)
        if state not in step.sources:
            found.append(("out_of_order", "outcome"))
        number = answers.get("tracking_no")
        if number and not TRACKING.fullmatch(number):
            found.append(("no_tracking_number", "tracking_no"))
        elif number and taken.get(number, letter.id) != letter.id:
            found.append(("tracking_taken", "tracking_no"))
        day = answers.get("posted_on") or answers["settled_on"]
        if day < (letter.issued_on if name == "post" else earliest):
            found.append(("too_early", "posted_on" if name == "post" else "settled_on"))
        state, earliest = LetterState(step.target), max(day, earliest) if name == "post" else earliest
    return found


def applied(plans: Sequence[Plan], context: Context) -> None:
    """Takes the steps, so that tasks, timeline and ledger follow as they do of a single letter."""
    for one in plans:
        if not one.extra or one.record_id is None:
            continue
        before, steps = one.extra
        letter = db.session.get_one(Letter, one.record_id, populate_existing=True)
        old = _where(letter)
        for name, answers in steps:
            transition(LETTER, letter, name, context.actor, answers=answers)
        moved = {name: value for name, value in _where(letter).items() if value != old[name]}
        came_from = {name: old[name] for name in moved}
        one.note(Letter, letter.id, came_from | {"state": before}, moved | {"state": letter.state})


def _where(letter: Letter) -> dict[str, str]:
    return {"address": letter.address, "postal_code": letter.postal_code}


def reverted(restored: Mapping[str, Sequence[int]], _context: Context) -> None:
    """Writes down the states that the undo set back."""
    ids = list(restored.get(Letter.__tablename__, ()))
    note_restored(LETTER, set_back(LETTER, ids), comment="import undone")


@dataclass
class Scan:
    """A file, the letter that its name means, and why it cannot be that letter's."""

    name: str
    letter: Letter | None
    reason: Any = None


def take_scans(files: Sequence[tuple[str, IO[bytes]]], proves: str, actor: Actor) -> list[Scan]:
    """Hangs each file on the letter whose number its name bears: all of them, or nothing if one has a reason.

    Gives what each file is. Flushes.
    """
    letters = queries.of_names([name for name, _stream in files], actor)
    found = [Scan(name, letter) for (name, _stream), letter in zip(files, letters, strict=True)]
    with ExitStack() as stack:
        incoming = [_read(scan, stream, stack) for scan, (_name, stream) in zip(found, files, strict=True)]
        if any(scan.reason for scan in found):
            return found
        for scan, file in zip(found, incoming, strict=True):
            if scan.letter is not None and file is not None:
                attach(kind_of(scan.letter), scan.letter, file, scan.name, actor, proves)
    return found


def _read(scan: Scan, stream: IO[bytes], stack: ExitStack) -> Incoming | None:
    if scan.letter is None:
        scan.reason = _l("No letter in your reach has the number in this name.")
    elif scan.letter.state is S.VOID:
        scan.reason = _l("This letter is void.")
    else:
        try:
            return stack.enter_context(checked(stream))
        except DomainError as refusal:
            scan.reason = refusal.message
    return None
