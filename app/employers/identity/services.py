"""Recording kinship, files and verifications."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path, PurePath
from typing import BinaryIO

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.core import timeline
from app.core.clock import today
from app.core.db import db
from app.core.errors import Conflict, DomainError
from app.core.i18n import msgid, msgid_of
from app.core.kept_files import keep, path_of
from app.core.permissions import Actor
from app.core.text import clean, name_key
from app.employers.identity.models import (
    HIERARCHICAL,
    SUBJECT_LABELS,
    EmployerRelation,
    IdentityFile,
    IdentityScan,
    RelationKind,
    Verification,
    VerificationResult,
    VerifiedBy,
)
from app.employers.identity.queries import above, folder
from app.employers.models import Contact, Employer, FormerName


@dataclass(frozen=True)
class Term:
    """From when to when something holds, and what proves it."""

    since: date | None = None
    until: date | None = None
    proof: str = ""

    def check(self) -> None:
        """DomainError for days that cannot be."""
        if any(day and day > today() for day in (self.since, self.until)):
            raise DomainError(_l("The day lies in the future."))
        if self.since and self.until and self.until < self.since:
            raise DomainError(_l("The last day lies before the first."))


def relate(
    kind: RelationKind, subject: Employer, other: Employer, term: Term, actor: Actor
) -> EmployerRelation:
    """Records what one employer is to another; refuses itself, a repetition and a circle."""
    term.check()
    if subject.id == other.id:
        raise DomainError(_l("An employer cannot be related to itself. Choose another one."))
    same = select(EmployerRelation.id).where(
        EmployerRelation.kind == kind,
        EmployerRelation.subject_id == subject.id,
        EmployerRelation.object_id == other.id,
    )
    if db.session.scalar(same) is not None:
        raise Conflict(_l("This relation is on record already."))
    if kind in HIERARCHICAL and subject.id in above(other.id):
        raise DomainError(
            _l("“%(name)s” already stands below the other one: this would be a circle.", name=other.name)
        )
    relation = EmployerRelation(
        kind=kind, subject_id=subject.id, object_id=other.id, since=term.since, until=term.until,
        proof=clean(term.proof), recorded_by_id=actor.id,
    )  # fmt: skip
    db.session.add(relation)
    _tell(msgid("Kinship: %(subject)s %(what)s %(object)s"), kind, subject, other, actor)
    db.session.flush()
    return relation


def end_relation(relation: EmployerRelation, until: date, actor: Actor) -> None:
    """It held until that day."""
    if relation.until is not None:
        raise Conflict(_l("This relation has ended already."))
    Term(relation.since, until).check()
    relation.until = until
    summary = msgid("Kinship ended: %(subject)s %(what)s %(object)s")
    _tell(summary, relation.kind, relation.subject, relation.object, actor)
    db.session.flush()


def remove_relation(relation: EmployerRelation, actor: Actor) -> None:
    """It was recorded by mistake; the audit trail keeps what it said."""
    summary = msgid("Kinship recorded by mistake: %(subject)s %(what)s %(object)s")
    _tell(summary, relation.kind, relation.subject, relation.object, actor)
    db.session.delete(relation)
    db.session.flush()


def _tell(summary: str, kind: RelationKind, subject: Employer, other: Employer, actor: Actor) -> None:
    params = {
        "subject": subject.name,
        "object": other.name,
        "what": {"msgid": msgid_of(SUBJECT_LABELS[kind])},
    }
    for employer in (subject, other):
        timeline.record(
            employer.id, "employer", summary, params=params, actor=actor,
        )  # fmt: skip


def correct_name(former: FormerName, name: str, term: Term) -> None:
    """Corrects a former name, its days and its proof."""
    term.check()
    name = clean(name)
    others = [one for one in former.employer.former_names if one is not former]
    if not name or name_key(name) in {name_key(former.employer.name), *(one.name_key for one in others)}:
        raise DomainError(_l("This name is already on record."))
    former.name, former.since, former.until, former.proof = name, term.since, term.until, clean(term.proof)
    db.session.flush()


def put_on_file(employer: Employer, contact_id: int, materials: str, actor: Actor) -> IdentityFile:
    """Names the contact who answers for the employer from now on, with what was deposited."""
    link = next((one for one in employer.contacts if one.contact_id == contact_id and not one.until), None)
    if link is None:
        raise DomainError(_l("Choose one of the employer's present contacts."))
    if not (link.contact.mobile or link.contact.landline):
        raise DomainError(_l("This contact has no telephone number. Enter one first."))
    filed = IdentityFile(
        employer_id=employer.id, contact_id=contact_id, filed_on=today(), materials=clean(materials),
        filed_by_id=actor.id,
    )  # fmt: skip
    db.session.add(filed)
    timeline.record(
        employer.id, "contact", msgid("On file: %(name)s answers for the employer"),
        params={"name": link.contact.name}, actor=actor,
    )  # fmt: skip
    db.session.flush()
    return filed


#: what a scan may be, by the first bytes of the file: nobody's word is taken for it
SIGNATURES = {
    b"%PDF-": "application/pdf",
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
}
LARGEST = 20 * 1024 * 1024


def media_type_of(path: Path) -> str:
    """The kind of a scanned file; DomainError for any other kind, and for one that is too large."""
    if path.stat().st_size > LARGEST:
        raise DomainError(
            _l("The file is larger than %(limit)s MB. Scan it at a lower resolution.", limit=20)
        )
    with path.open("rb") as file:
        first = file.read(8)
    for signature, media_type in SIGNATURES.items():
        if first.startswith(signature):
            return media_type
    raise DomainError(
        _l("This is neither a PDF nor a JPEG or PNG picture. Scan the document as one of these.")
    )


def keep_scan(employer: Employer, stream: BinaryIO, file_name: str, title: str, actor: Actor) -> IdentityScan:
    """Keeps a scanned document of an employer; the same file is kept once."""
    sha256 = keep(folder(), stream, media_type_of)
    path = path_of(folder(), sha256)
    scan = IdentityScan(
        employer_id=employer.id, title=clean(title), sha256=sha256, size=path.stat().st_size,
        file_name=PurePath(file_name.replace("\\", "/")).name[-200:], media_type=media_type_of(path),
        added_by_id=actor.id,
    )  # fmt: skip
    db.session.add(scan)
    timeline.record(
        employer.id, "employer", msgid("Document put on file: %(title)s"), params={"title": scan.title},
        actor=actor,
    )  # fmt: skip
    db.session.flush()
    return scan


def remove_scan(scan: IdentityScan, actor: Actor) -> None:
    """Takes a document off the file; `drop_file` then removes what nobody refers to."""
    timeline.record(
        scan.employer_id, "employer", msgid("Document taken off the file: %(title)s"),
        params={"title": scan.title}, actor=actor,
    )  # fmt: skip
    db.session.delete(scan)
    db.session.flush()


def drop_file(sha256: str) -> None:
    """After the commit: removes the file of a document that is on no file any more."""
    if db.session.scalar(select(IdentityScan.id).where(IdentityScan.sha256 == sha256).limit(1)) is None:
        path_of(folder(), sha256).unlink(missing_ok=True)


@dataclass(frozen=True)
class Inquiry:
    """What was asked for whom, and what came of it. Without a contact, `answered_by` names who answered."""

    person: str
    question: str
    way: VerifiedBy
    result: VerificationResult
    contact_id: int | None = None
    answered_by: str = ""
    materials: str = ""


def log_verification(employer: Employer, inquiry: Inquiry, actor: Actor) -> Verification:
    """Writes down what was verified with an employer on behalf of one of its people."""
    contact = db.session.get(Contact, inquiry.contact_id) if inquiry.contact_id else None
    if contact is not None and contact.id not in {link.contact_id for link in employer.contacts}:
        raise DomainError(_l("Choose one of the employer's present contacts."))
    answered_by = contact.name if contact else clean(inquiry.answered_by)
    if inquiry.way is VerifiedBy.ON_FILE and not clean(inquiry.materials):
        raise DomainError(_l("Say which documents on file it was verified from."))
    if inquiry.way is not VerifiedBy.ON_FILE and not answered_by:
        raise DomainError(_l("Say who answered."))
    made = Verification(
        employer_id=employer.id, person=clean(inquiry.person), question=clean(inquiry.question),
        way=inquiry.way, result=inquiry.result, contact_id=inquiry.contact_id, answered_by=answered_by,
        materials=clean(inquiry.materials), by_id=actor.id,
    )  # fmt: skip
    db.session.add(made)
    timeline.record(
        employer.id, "employer", msgid("Verified with the employer: %(question)s"),
        params={"question": made.question}, actor=actor,
    )  # fmt: skip
    db.session.flush()
    return made


def settle_verification(made: Verification, result: VerificationResult) -> None:
    """The outstanding answer came."""
    if made.result is not VerificationResult.PENDING or result is VerificationResult.PENDING:
        raise Conflict(_l("Only an outstanding answer can be filled in."))
    made.result = result
    db.session.flush()
