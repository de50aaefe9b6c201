"""A reader proposes a correction; nothing but a worklist hears of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from flask_babel import lazy_gettext as _l
from sqlalchemy import select, update

from app.attachments import services as files
from app.audit import services as audit
from app.core import timeline
from app.core.bulk import update_rows
from app.core.clock import today
from app.core.db import among, db
from app.core.errors import Conflict, DomainError
from app.core.language.i18n import msgid, msgid_of
from app.core.language.text import clean, mask_phone
from app.core.permissions import Actor
from app.core.personal.retaining import NOBODY
from app.core.rules.identifiers import mobile
from app.core.sheets.cells import CellError
from app.core.timeline import TimelineEntry
from app.core.undoing.reversible import table_of
from app.employers.models import Contact, Employer
from app.tasks.models import Task
from campaigns.notices.corrections import queries
from campaigns.notices.corrections.models import OF_PERSON, SUBJECT_LABELS, Correction, Subject
from campaigns.notices.corrections.workflow import SOURCE, on_record
from campaigns.notices.queries import Notice, Way
from campaigns.outcomes.policy import Outcome
from campaigns.outcomes.services import follow

KIND, ENDPOINT = "correction", "corrections.show"
#: in place of the way in which a reader proved to be the right one: a colleague heard it on a call or visit
HEARING = "hearing"
PROPOSED = msgid("On the notice “%(campaign)s” a correction was proposed: %(what)s, %(old)s → %(new)s")
HEARD = msgid("In the drive “%(campaign)s” a correction was heard: %(what)s, %(old)s → %(new)s")
TITLE = msgid("Check a correction that the handler proposes: %(what)s")
REVEALED = msgid("Personal data revealed")


@dataclass(frozen=True)
class Proposal:
    """What a reader wrote; `employer_id` is one of those that the notice speaks of."""

    subject: Subject
    wanted: str
    employer_id: int
    since: date | None = None
    note: str = ""


def propose(notice: Notice, way: Way, proposal: Proposal) -> Correction:
    """Puts a correction on the worklist, with a task for the employer's owner.

    Raises DomainError for what is no value of its kind, or is on record already; Conflict while the same is
    still being checked.
    """
    wanted = _written(proposal)
    employer = db.session.get_one(Employer, _known(notice, proposal.employer_id))
    number = proposal.subject is Subject.MOBILE
    contact = notice.contact if proposal.subject in OF_PERSON and way is Way.MOBILE else None
    if proposal.subject in OF_PERSON and contact is None:
        raise DomainError(_l("We do not know whose data these are. Please call us."))
    made = Correction(
        employer=employer,
        contact=contact,
        subject=proposal.subject,
        wanted=mask_phone(wanted) if number else wanted,
        mobile=wanted if number else None,
        since=proposal.since,
        note=proposal.note.strip(),
        notice_source=notice.source.value,
        notice_id=notice.record.id,
        notice=notice.title[:255],
        proven_by=way.value,
    )
    made.before = on_record(made)
    known = contact.mobile if number and contact else made.before
    # first, so that nobody finds out by trying what is on record
    if any(
        one.subject is made.subject and one.employer_id == employer.id for one in queries.open_ones(notice)
    ):
        raise Conflict(_l("Your correction is being checked. Please call us if it has changed since."))
    if known == wanted:
        raise DomainError(_l("This is what we have on record already."))
    db.session.add(made)
    db.session.flush()
    _tell(made, PROPOSED, None)
    return made


def hear(
    contact: Contact, *, employer: Employer, number: str, place: str, source: tuple[str, int], note: str,
    actor: Actor,
) -> None:  # fmt: skip
    """Receiver of `number_proposed`: a colleague was told another number, which is checked like a reader's.

    Raises DomainError for what is no mobile number or is on record; Conflict while one is being checked.
    """
    wanted = _a_mobile(number)
    if contact.mobile == wanted:
        raise DomainError(_l("This is what we have on record already."))
    if queries.number_is_checked(contact.id):
        raise Conflict(_l("Another number of this person is being checked already."))
    made = Correction(
        employer=employer, contact=contact, subject=Subject.MOBILE, wanted=mask_phone(wanted), mobile=wanted,
        note=note.strip(), notice_source=source[0], notice_id=source[1], notice=place[:255],
        proven_by=HEARING,
    )  # fmt: skip
    made.before = on_record(made)
    db.session.add(made)
    db.session.flush()
    _tell(made, HEARD, actor)


def _known(notice: Notice, employer_id: int) -> int:
    if employer_id not in {one.employer_id for one in notice.about}:
        raise DomainError(_l("Choose one of the employers of this notice."))
    return employer_id


def _a_mobile(value: str) -> str:
    try:
        return mobile(value)
    except CellError:
        raise DomainError(_l("This is not a mobile number of eleven digits.")) from None


LONGEST_NAME = Contact.name.type.length
#: how a value is written; what has no entry is a line of text
_FORMS: Mapping[Subject, Callable[[str], str]] = {Subject.MOBILE: _a_mobile}


def _written(proposal: Proposal) -> str:
    text = _FORMS.get(proposal.subject, clean)(proposal.wanted)
    if len(text) < 2:
        raise DomainError(_l("Please write what is right."))
    if proposal.subject is Subject.PERSON_NAME and len(text) > LONGEST_NAME:
        raise DomainError(_l("A person's name has at most %(most)s characters.", most=LONGEST_NAME))
    if proposal.since is not None and proposal.since > today():
        raise DomainError(_l("The day lies in the future."))
    return text


def _tell(made: Correction, words: str, actor: Actor | None) -> None:
    what = {"msgid": msgid_of(SUBJECT_LABELS[made.subject])}
    params = {
        "campaign": made.notice, "what": what, "old": made.before or "—", "new": made.wanted,
    }  # fmt: skip
    timeline.record(
        made.employer_id, KIND, words, params=params, actor=actor, endpoint=ENDPOINT, link_id=made.id
    )
    follow(
        Outcome.CORRECTION,
        made.employer,
        TITLE,
        params={"what": what},
        note=made.note,
        source=(SOURCE, made.id),
    )


def reveal(correction: Correction, reason: str) -> str:
    """The numbers in full; who read them, and why, is an event of the audit trail."""
    audit.record(REVEALED, correction, details={"reason": reason})
    return correction.mobile or correction.wanted


def forget_people(_sender: object, names: Mapping[int, str]) -> None:
    """Receiver of `people_forgotten`: what was said of a person goes, that something was said stays."""
    theirs = select(Correction.id).where(Correction.contact_id.in_(names))
    ids = db.session.scalars(theirs).all()
    files.forget_on({KIND: ids})
    # with the session's hooks passed by, as the trail would keep what goes
    nothing = {"before": "", "wanted": NOBODY, "mobile": None, "note": "", "since": None}
    db.session.execute(update(Correction).where(among(Correction.id, ids)).values(nothing))
    asked = (Task.source_type == SOURCE, among(Task.source_id, ids))
    db.session.execute(update(Task).where(*asked).values(note=""))
    told = select(TimelineEntry.id, TimelineEntry.params).where(
        TimelineEntry.kind == KIND, among(TimelineEntry.link_id, ids)
    )
    rows = [
        {"id": entry_id, "params": {**params, "old": NOBODY, "new": NOBODY}}
        for entry_id, params in db.session.execute(told)
    ]
    update_rows(table_of(TimelineEntry), rows)
