"""Issued letters: the register, one employer's, and the archive's check."""

import hashlib
import json
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import joinedload

from app.accounts.models import Branch
from app.attachments.queries import path_of
from app.core.clock import today
from app.core.db import AnyRow, db
from app.core.documents.pdf_pages import Part, alone
from app.core.documents.typesetting import typeset
from app.core.errors import NotFound
from app.core.escalating import Exhibit
from app.core.features import current_features
from app.core.language.formats import masked_name
from app.core.language.i18n import msgid
from app.core.periods import Period
from app.core.permissions import Actor
from app.employers.models import Contact, ContactRole, Employer, EmployerContact
from campaigns.channels.letter import text
from campaigns.channels.letter.issued.models import BACK, Letter, LetterState
from campaigns.channels.letter.issued.policy import visible_to
from campaigns.channels.letter.models import LetterVersion
from campaigns.channels.letter.queries import document, letterhead_of

ENVELOPES = "campaigns/letter/envelopes.typ"


def register(actor: Actor | None) -> Select[Letter]:
    """All letters in reach, the void ones too, with the employers' names."""
    return (
        select(Letter)
        .where(visible_to(actor))
        .join(Employer, Employer.id == Letter.employer_id)
        .options(joinedload(Letter.employer).load_only(Employer.id, Employer.name))
    )


def of_employer(employer_id: int, most: int = 20) -> Sequence[Letter]:
    """The latest letters to one employer."""
    query = select(Letter).where(Letter.employer_id == employer_id).order_by(Letter.id.desc()).limit(most)
    return db.session.scalars(query).all()


def by_token(token: str) -> Letter | None:
    """The letter that a QR code leads to, unless it was made void."""
    return db.session.scalar(select(Letter).where(Letter.token == token, Letter.state != LetterState.VOID))


def by_code(code: str) -> Letter | None:
    """The letter with this printed code, however it is spaced and whatever keyboard it was typed with."""
    plain = "".join(c for c in unicodedata.normalize("NFKC", code).upper() if c.isalnum())
    return db.session.scalar(select(Letter).where(Letter.code == plain, Letter.state != LetterState.VOID))


def handler_of(employer: Employer) -> Contact | None:
    """Who handles the fund's business there now."""
    query = (
        select(Contact)
        .join(EmployerContact, EmployerContact.contact_id == Contact.id)
        .where(
            EmployerContact.employer_id == employer.id,
            EmployerContact.role == ContactRole.HANDLER,
            or_(EmployerContact.until.is_(None), EmployerContact.until >= today()),
        )
        .order_by(EmployerContact.id.desc())
        .limit(1)
    )
    return db.session.scalar(query)


def came_back(employer: Employer) -> bool:
    """Whether the last letter to the present address came back."""
    query = select(Letter.state, Letter.address).where(
        Letter.employer_id == employer.id, Letter.state.in_((LetterState.RETURNED, LetterState.DELIVERED))
    )
    last = db.session.execute(query.order_by(Letter.id.desc()).limit(1)).first()
    return last is not None and last.state is LetterState.RETURNED and last.address == employer.address


#: What letters know of an employer by themselves.
KNOWN = (
    "employer", "account", "established", "insured_heads", "paid_through", "months", "heads", "sealed_heads",
    "amount", "handler", "handler_since", "previous_handler", "authorisation", "department", "specialist",
    "owed_month", "owed_amount",
)  # fmt: skip
#: what of them has a line for each month owed, a row each of a table
BY_MONTH = frozenset(("owed_month", "owed_amount"))
#: what of them tells of a change of handlers
OF_THE_HANDOVER = frozenset(("handler_since", "previous_handler", "authorisation"))
#: as letters write it where no record says who it was, or what the change rests on
SOMEBODY_BEFORE, ON_APPLICATION = "原经办人", "变更申请"


def values_of(employer: Employer) -> dict[str, str]:
    """The variables that are known of the employer, as letters write them; what has no value is absent."""
    handler = handler_of(employer)
    owner = employer.owner.name if employer.owner else None
    known = known_values(employer, handler.name if handler else None, employer.branch.name, owner)
    if deferred(Employer.id == employer.id):
        known = {name: value for name, value in known.items() if name not in BY_MONTH}
    if handler is None:
        return known
    return known | handover(handlers(Employer.id == employer.id).get(employer.id, ()), handler.id)


def deferred(condition: ColumnElement[bool]) -> frozenset[int]:
    """Those of the employers that deferment was ever approved for: which of their months are owed, how many
    months they are and through which they paid does not tell."""
    declared = current_features().deferments
    if declared is None:
        return frozenset()
    terms = declared.terms().subquery()
    query = select(terms.c.employer_id).join(Employer, Employer.id == terms.c.employer_id).where(condition)
    return frozenset(db.session.scalars(query))


def handlers(condition: ColumnElement[bool]) -> dict[int, list[AnyRow]]:
    """All handlers of those employers, the former ones too, by employer, the newest first."""
    query = (
        select(
            EmployerContact.employer_id,
            EmployerContact.contact_id,
            Contact.name,
            EmployerContact.since,
            EmployerContact.until,
            EmployerContact.authorisation,
        )
        .join(Contact, Contact.id == EmployerContact.contact_id)
        .join(Employer, Employer.id == EmployerContact.employer_id)
        .where(condition, EmployerContact.role == ContactRole.HANDLER)
        .order_by(EmployerContact.id.desc())
    )
    found: dict[int, list[AnyRow]] = {}
    for row in db.session.execute(query):
        found.setdefault(row.employer_id, []).append(row)
    return found


def handover(served: Sequence[AnyRow], contact_id: int | None) -> dict[str, str]:
    """How the person became the handler, as letters write it; whoever was it before is named half."""
    now = next((one for one in served if one.contact_id == contact_id and one.until is None), None)
    if now is None:
        return {}
    gone = [one for one in served if one.contact_id != contact_id and one.until is not None]
    last = max(gone, key=lambda one: one.until, default=None)
    rests_on = now.authorisation or ON_APPLICATION
    told = {
        "previous_handler": masked_name(last.name) if last else SOMEBODY_BEFORE,
        "authorisation": f"你单位提交的{rests_on}",
    }
    return told | ({"handler_since": text.day(now.since)} if now.since else {})


def known_values(
    employer: Any, handler: str | None, department: str, specialist: str | None
) -> dict[str, str]:
    """The same of a row that has the employer's columns, for whoever asks about thousands."""
    months, monthly, paid = employer.arrears_months or 0, employer.monthly_amount, employer.paid_through
    known: Mapping[str, Any] = {
        "employer": employer.name,
        "account": employer.employer_account_no,
        "established": employer.established_on,
        "insured_heads": employer.insured_heads,
        "paid_through": employer.paid_through,
        "months": months or None,
        "heads": employer.heads,
        "sealed_heads": employer.sealed_heads,
        "amount": f"{monthly * months:.2f}元" if months and monthly else None,
        "owed_month": "\n".join(_written(paid + n) for n in range(1, months + 1)) if paid else None,
        "owed_amount": "\n".join([f"{monthly:.2f}元"] * months) if paid and monthly else None,
        "handler": handler,
        "department": department,
        "specialist": specialist,
    }
    return {name: _written(value) for name, value in known.items() if value not in (None, "")}


def _written(value: Any) -> str:
    if isinstance(value, date):
        return text.day(value)
    # letters are Chinese whatever language the officer reads
    return f"{value.year}年{value.month}月" if isinstance(value, Period) else str(value)


def envelope(letter: Letter, attention: str | None, line: str = "") -> dict[str, str]:
    """What stands on the envelope of a letter: `attention` is whose hands it is for, `line` where it lies."""
    # what came back goes out again to the address of today
    there = letter.employer if letter.state in BACK and letter.employer.address else letter
    return {
        "line": line, "number": letter.number, "employer": letter.data["addressee"],
        "attention": attention or "", "address": there.address or "", "postal_code": there.postal_code or "",
    }  # fmt: skip


def envelopes(branch: Branch, written: Sequence[Mapping[str, str]]) -> bytes:
    """A page for each envelope, with the address of the branch as the sender's."""
    head = letterhead_of(branch)
    sender = {"issuer": head.issuer, "address": head.address, "postal_code": head.postal_code}
    return typeset(ENVELOPES, {"sender": sender, "envelopes": list(written)})


def archived(letter: Letter) -> bytes:
    """The letter as it was printed, out of the archive; made again where that has lost it."""
    try:
        document = path_of(letter.sha256)
    except NotFound:
        return rendered(letter)
    if letter.sheaf_id is None:
        return document.read_bytes()
    return alone(Part(document, letter.first_page or 0, letter.pages or 0))


def rendered(letter: Letter) -> bytes:
    """The document made again from what was kept; its hash is `letter.sha256` while typst is the same."""
    return document([letter.data])


def archived_again(letter: Letter) -> bytes:
    """The archived document made again: the letter's own, or the sheaf that it was set in."""
    if letter.sheaf_id is None:
        return rendered(letter)
    together = select(Letter.data).where(Letter.sheaf_id == letter.sheaf_id).order_by(Letter.serial)
    return document(db.session.scalars(together).all(), marks=True)


def content_hash(letter: Letter) -> str:
    """sha-256 of all that the typesetter was given for this one letter."""
    return hashlib.sha256(json.dumps(letter.data, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def is_unchanged(letter: Letter, made: bytes) -> bool:
    """Whether a document is the one in the archive."""
    return hashlib.sha256(made).hexdigest() == letter.sha256


# -- letters as evidence on the way from service to enforcement -------------------------------------------

_ARRIVED = (LetterState.DELIVERED, LetterState.REFUSED)
TOLD = {
    LetterState.POSTED: msgid("Letter %(number)s: %(title)s, posted"),
    LetterState.DELIVERED: msgid("Letter %(number)s: %(title)s, delivered"),
    LetterState.REFUSED: msgid("Letter %(number)s: %(title)s, refused by the addressee"),
}


def arrived_since(employer_id: int, since: date) -> list[Exhibit]:
    """Letters that the employer received, or refused to."""
    return _exhibits(employer_id, since, _ARRIVED)


def sent_since(employer_id: int, since: date) -> list[Exhibit]:
    """Letters that went out and did not come back; each may be the urge letter of an escalation."""
    return _exhibits(employer_id, since, tuple(TOLD))


def _exhibits(employer_id: int, since: date, states: Sequence[LetterState]) -> list[Exhibit]:
    query = (
        select(Letter)
        .where(Letter.employer_id == employer_id, Letter.state.in_(states))
        .options(joinedload(Letter.version).joinedload(LetterVersion.template))
        .order_by(Letter.issued_on, Letter.id)
    )
    found = []
    for letter in db.session.scalars(query):
        sent = letter.posted_on or letter.issued_on
        on = letter.settled_on if letter.state in _ARRIVED and letter.settled_on else sent
        if on >= since:
            told = {"number": letter.number, "title": letter.version.template.name}
            answers = {"letter_no": letter.number, "letter_on": sent.isoformat()}
            found.append(Exhibit(on, TOLD[letter.state], told, letter.id, answers))
    return found
