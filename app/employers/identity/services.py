"""Recording kinship, files and verifications."""

from dataclasses import dataclass
from datetime import date

from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, or_, select

from app.attachments.queries import demand_none_on
from app.core import timeline
from app.core.clock import today
from app.core.db import db
from app.core.errors import Conflict, DomainError
from app.core.language.i18n import msgid, msgid_of
from app.core.language.text import clean, name_key
from app.core.permissions import Actor
from app.core.workflow.acts import demand
from app.employers.identity.models import (
    HIERARCHICAL,
    MERGERS,
    SUBJECT_LABELS,
    EmployerRelation,
    IdentityFile,
    RelationKind,
    Verification,
    VerificationResult,
    VerifiedBy,
)
from app.employers.identity.queries import above
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
    """Records what one employer is to another; refuses itself, a repetition and a circle.

    The same may be on record for several times that do not overlap.
    """
    term.check()
    if subject.id == other.id:
        raise DomainError(_l("An employer cannot be related to itself. Choose another one."))
    if db.session.scalar(_same_at_that_time(kind, subject, other, term)) is not None:
        raise Conflict(_l("This relation is on record already."))
    if kind in HIERARCHICAL and term.until is None and subject.id in above(other.id):
        raise DomainError(
            _l("“%(name)s” already stands below the other one: this would be a circle.", name=other.name)
        )
    if kind in MERGERS:
        _refuse_second_merger(subject, other)
    relation = EmployerRelation(
        kind=kind, subject_id=subject.id, object_id=other.id, since=term.since, until=term.until,
        proof=clean(term.proof), recorded_by_id=actor.id,
    )  # fmt: skip
    db.session.add(relation)
    _tell(msgid("Kinship: %(subject)s %(what)s %(object)s"), kind, subject, other, actor)
    db.session.flush()
    return relation


def _same_at_that_time(kind: RelationKind, subject: Employer, other: Employer, term: Term) -> Select[int]:
    one = EmployerRelation
    query = select(one.id).where(one.kind == kind, one.subject_id == subject.id, one.object_id == other.id)
    if term.since:
        query = query.where(or_(one.until.is_(None), one.until >= term.since))
    elif not term.until:
        query = query.where(one.until.is_(None))
    if term.until:
        query = query.where(or_(one.since.is_(None), one.since <= term.until))
    return query.limit(1)


def _refuse_second_merger(subject: Employer, other: Employer) -> None:
    """Whoever was merged is dissolved: it goes into one employer, once, and takes nobody in any more."""
    merged = select(EmployerRelation.subject_id).where(
        EmployerRelation.kind.in_(MERGERS),
        EmployerRelation.until.is_(None),
        EmployerRelation.subject_id.in_((subject.id, other.id)),
    )
    gone = set(db.session.scalars(merged))
    for one in (subject, other):
        if one.id in gone:
            raise DomainError(
                _l("“%(name)s” was merged into another employer already: end that first.", name=one.name)
            )


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
    """It was recorded by mistake; the audit trail keeps what it said. DomainError while files hang on it."""
    demand_none_on(relation)
    summary = msgid("Kinship recorded by mistake: %(subject)s %(what)s %(object)s")
    _tell(summary, relation.kind, relation.subject, relation.object, actor)
    db.session.delete(relation)
    db.session.flush()


def _tell(summary: str, kind: RelationKind, subject: Employer, other: Employer, actor: Actor) -> None:
    """To each of the two; whose story is read in one branch does not name an employer of another."""
    what = {"msgid": msgid_of(SUBJECT_LABELS[kind])}
    for employer in (subject, other):
        params = {
            "subject": timeline.name_told(subject.name, subject.branch_id, employer.branch_id),
            "object": timeline.name_told(other.name, other.branch_id, employer.branch_id),
            "what": what,
        }
        timeline.record(employer.id, "employer", summary, params=params, actor=actor)


def correct_name(former: FormerName, name: str, term: Term, actor: Actor | None) -> None:
    """Corrects a former name, its days and its proof."""
    demand(former.employer, "edit", actor)
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
