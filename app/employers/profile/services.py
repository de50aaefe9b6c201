"""Writing notes and flags. Each stands in the employer's story, which follows when a note is corrected."""

from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Update, event, select, update
from sqlalchemy.orm import Session, UOWTransaction

from app.core import signals, timeline
from app.core.clock import today
from app.core.code_tables import codes
from app.core.db import among, changed, db
from app.core.errors import Conflict, DomainError, Forbidden
from app.core.language.i18n import msgid
from app.core.permissions import Actor
from app.core.timeline import TimelineEntry
from app.employers.models import Contact, Employer, EmployerContact
from app.employers.profile.models import RiskFlag, ServiceNote
from app.employers.profile.queries import quality_score
from app.employers.search.services import Watched, touched

NOTE, RISK = "note", "risk"
#: how much of a note its entry in the story shows
SHOWN = 200
#: so that the first ones are still read
MOST_PINNED = 3


def write_note(employer: Employer, body: str, noted_on: date, pinned: bool, actor: Actor) -> ServiceNote:
    """A note of a day, signed by its author."""
    if noted_on > today():
        raise DomainError(_l("The day lies in the future."))
    note = ServiceNote(
        employer_id=employer.id, body=_said(body), noted_on=noted_on, by_id=actor.id, pinned=False
    )
    if pinned:
        pin(note)
    db.session.add(note)
    db.session.flush()
    params = {"text": _shortened(note.body)}
    summary = msgid("Service note: %(text)s")
    timeline.record(employer.id, NOTE, summary, params=params, actor=actor, link_id=note.id)
    return note


def correct_note(note: ServiceNote, body: str, actor: Actor) -> None:
    """Its author writes it anew; the story follows, the audit trail keeps the old words."""
    _only_author(note, actor)
    note.body = _said(body)
    for entry in _entries(note):
        entry.params = {"text": _shortened(note.body)}
    db.session.flush()


def withdraw_note(note: ServiceNote, actor: Actor) -> None:
    """Its author takes it back; the story says that there was one."""
    _only_author(note, actor)
    for entry in _entries(note):
        entry.summary, entry.params = msgid("Service note withdrawn"), {}
    db.session.delete(note)
    db.session.flush()


def pin(note: ServiceNote) -> None:
    """Keeps a note above the others. Few may be: what is pinned is meant to be read."""
    query = select(ServiceNote.id).where(ServiceNote.employer_id == note.employer_id, ServiceNote.pinned)
    if not note.pinned and len(db.session.scalars(query).all()) >= MOST_PINNED:
        raise DomainError(
            _l("At most %(limit)s notes are pinned: unpin another one first.", limit=MOST_PINNED)
        )
    note.pinned = True


def unpin(note: ServiceNote) -> None:
    note.pinned = False


def raise_flag(employer: Employer, code: str, since: date, note: str, actor: Actor) -> RiskFlag:
    """A risk that stands from the day on. One of a kind stands at a time."""
    known = codes("risk").get(code)
    if known is None or not known.valid_on(today()):
        raise DomainError(_l("Choose one of the risks that are offered."))
    if since > today():
        raise DomainError(_l("The day lies in the future."))
    same = select(RiskFlag.id).where(
        RiskFlag.employer_id == employer.id, RiskFlag.code == code, RiskFlag.until.is_(None)
    )
    if db.session.scalar(same.limit(1)) is not None:
        raise Conflict(_l("This risk is flagged already."))
    flag = RiskFlag(employer_id=employer.id, code=code, since=since, note=note.strip(), by_id=actor.id)
    db.session.add(flag)
    db.session.flush()
    _tell(flag, msgid("Risk flag raised: %(risk)s %(why)s"), note.strip(), actor)
    return flag


def lower_flag(flag: RiskFlag, until: date, ending: str, actor: Actor) -> None:
    """The risk is over, as of the day; it stays on record with the reason."""
    if flag.until is not None:
        raise Conflict(_l("This flag is lowered already."))
    if until > today() or until < flag.since:
        raise DomainError(_l("The last day must lie between the first day and today."))
    flag.until, flag.ending, flag.ended_by_id = until, _said(ending), actor.id
    db.session.flush()
    _tell(flag, msgid("Risk flag lowered: %(risk)s %(why)s"), flag.ending, actor)


def _tell(flag: RiskFlag, summary: str, why: str, actor: Actor) -> None:
    risk = {"code_table": "risk", "code": flag.code}
    params = {"risk": risk, "why": f"· {_shortened(why)}" if why else ""}
    timeline.record(flag.employer_id, RISK, summary, params=params, actor=actor, link_id=flag.id)


def _entries(note: ServiceNote) -> list[TimelineEntry]:
    entry = TimelineEntry
    query = select(entry).where(
        entry.employer_id == note.employer_id, entry.kind == NOTE, entry.link_id == note.id
    )
    return list(db.session.scalars(query))


def _only_author(note: ServiceNote, actor: Actor) -> None:
    if note.by_id != actor.id:
        raise Forbidden(_l("Only its author can change this note. Write one of your own."))


def _said(text: str) -> str:
    said = "\n".join(line.rstrip() for line in text.strip().splitlines())
    if len(said) < 2:
        raise DomainError(_l("Write a few words."))
    return said


def _shortened(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= SHOWN else plain[: SHOWN - 1] + "…"


#: what of an employer and its people `queries.WANTED` asks about; every new employer has a name
_ASKED: Watched = {
    Employer: (
        "name", "uscc", "employer_account_no", "address", "area_id", "established_on", "unit_type",
        "economic_type", "industry", "operating_status", "operating_status_as_of", "insured_heads",
        "insured_as_of", "owner_id", "pay_day", "bank_code",
    ),
    EmployerContact: ("employer_id", "contact_id", "role", "until"),
    Contact: ("mobile", "invalid_since", "verified_on"),
}  # fmt: skip


def install() -> None:
    """Makes the kept score follow what sessions write; once for each process."""
    if not event.contains(Session, "after_flush", _follow_edits):
        event.listen(Session, "after_flush", _follow_edits)


def _follow_edits(session: Session, _context: UOWTransaction) -> None:
    if ids := touched(session, _ASKED):
        session.connection().execute(_rescored(among(Employer.id, ids)))


@signals.employers_rewritten.connect
def _follow_rewriting(ids: tuple[int, ...], **_more: Any) -> None:
    db.session.flush()
    changed(_rescored(among(Employer.id, ids)))


def refresh_quality(first: int, last: int) -> int:
    """Reckons the kept scores of a range of ids anew; gives how many were not right any more.

    Imports write past the session, and facts grow old by themselves.
    """
    return changed(_rescored(Employer.id.between(first, last)))


def _rescored(which: ColumnElement[bool]) -> Update:
    score = quality_score()
    differs = Employer.data_quality.is_distinct_from(score)
    # a score is no edit: who has the employer's form open is not told of one
    values = {"data_quality": score, "updated_at": Employer.updated_at}
    query = update(Employer).where(which, differs).values(values)
    return query.execution_options(synchronize_session=False)
