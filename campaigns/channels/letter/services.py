"""Writing outlines in versions, and setting letterheads."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select

from app.accounts.models import Branch
from app.core.clock import today
from app.core.db import db
from app.core.errors import Conflict, DomainError
from app.core.permissions import Actor
from campaigns.channels.letter import text
from campaigns.channels.letter.models import Letterhead, LetterTemplate, LetterVersion


@dataclass(frozen=True)
class Wording:
    """A title, a text, what is enclosed, what authors fill in, and the day from which it holds."""

    title: str
    text: str
    valid_from: date
    enclosures: Sequence[dict[str, str]] = ()
    variables: Sequence[dict[str, Any]] = field(default=())


def add_template(code: str, name: str, message_class: str, wording: Wording, actor: Actor) -> LetterTemplate:
    """An outline with its first wording. Conflict when there is one of the same name."""
    there = (LetterTemplate.name == name) | (LetterTemplate.code == code)
    if db.session.scalar(select(LetterTemplate.id).where(there)) is not None:
        raise Conflict(_l("There is an outline of this name: write a new version of it."))
    template = LetterTemplate(code=code, name=name, message_class=message_class)
    db.session.add(template)
    db.session.flush()
    write_version(template, wording, actor)
    return template


def write_version(template: LetterTemplate, wording: Wording, actor: Actor) -> LetterVersion:
    """The next wording; what was sent with the earlier ones stays on record."""
    _check(wording)
    query = select(func.max(LetterVersion.number), func.max(LetterVersion.valid_from)).where(
        LetterVersion.template_id == template.id
    )
    number, last_from = db.session.execute(query).one()
    if wording.valid_from < max(today(), last_from or today()):
        day = max(today(), last_from or today())
        raise DomainError(_l("A new wording holds from %(day)s on at the earliest.", day=day.isoformat()))
    version = LetterVersion(
        template_id=template.id,
        number=(number or 0) + 1,
        title=wording.title.strip(),
        text=wording.text.strip(),
        enclosures=list(wording.enclosures),
        variables=list(wording.variables),
        valid_from=wording.valid_from,
        by_id=actor.id,
    )
    db.session.add(version)
    db.session.flush()
    db.session.expire(template, ["versions"])
    return version


def _check(wording: Wording) -> None:
    words = "\n".join(
        [wording.title, wording.text, *(f"{e['title']}\n{e['text']}" for e in wording.enclosures)]
    )
    reasons: list[Any] = []
    if stray := text.strays(words):
        reasons.append(_l("This stands in braces and is no variable: %(names)s.", names=", ".join(stray)))
    if absent := [code for code in text.bases(words) if code not in text.law_of(words, wording.valid_from)]:
        reasons.append(_l("No such legal basis is entered: %(names)s.", names=", ".join(absent)))
    if len(words) > text.LONGEST:
        reasons.append(_l("The wording is longer than %(most)s characters.", most=text.LONGEST))
    if not wording.text.strip():
        reasons.append(_l("The wording is empty."))
    reasons += _wrong_tables(wording)
    if reasons:
        raise DomainError(_l("This wording cannot be used."), reasons)


def _wrong_tables(wording: Wording) -> list[Any]:
    found = [
        table
        for words in (wording.text, *(e["text"] for e in wording.enclosures))
        for table in text.tables(words)
    ]
    reasons: list[Any] = []
    if any(len(table) < 2 for table in found):
        reasons.append(_l("A table has a head, and at least one line below it."))
    if any(len({len(row) for row in table}) > 1 for table in found):
        reasons.append(_l("All lines of a table have as many cells as its head."))
    if any(len(table[0]) > text.MOST_COLUMNS for table in found if table):
        reasons.append(_l("A table has %(most)s columns at most.", most=text.MOST_COLUMNS))
    if (last := text.paragraphs(wording.text)[-1:]) and last[0]["style"] == "table":
        reasons.append(_l("A letter does not end with a table: write a sentence below it."))
    return reasons


def set_letterhead(branch: Branch, issuer: str, prefix: str, address: str, postal_code: str) -> Letterhead:
    """How a branch heads and numbers its letters from now on; what was issued stays as it is."""
    if not all(part.isprintable() for part in (issuer, prefix, address)) or set(prefix) & set("〔〕[]（）()"):
        raise DomainError(
            _l("A prefix is words only, such as 津公积金港函; year and number follow by themselves.")
        )
    if not (len(postal_code) == 6 and postal_code.isascii() and postal_code.isdigit()):
        raise DomainError(_l("A postal code has six digits."))
    head = db.session.scalar(select(Letterhead).where(Letterhead.branch_id == branch.id))
    if head is None:
        head = Letterhead(branch_id=branch.id)
        db.session.add(head)
    head.issuer, head.prefix = issuer.strip(), prefix.strip()
    head.address, head.postal_code = address.strip(), postal_code
    db.session.flush()
    return head
