"""Outlines and what holds of them, letterheads, and letters as data for the typesetter."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import selectinload

from app.accounts.models import Branch
from app.core.clock import today
from app.core.db import db
from app.core.documents.typesetting import typeset
from app.core.errors import NotFound
from app.core.finding import the_one
from app.core.rules.legal import LegalBasis
from campaigns.channels.letter import text
from campaigns.channels.letter.models import Letterhead, LetterTemplate, LetterVersion

TEMPLATE = "campaigns/letter/letter.typ"


def listed() -> Select[LetterTemplate]:
    """Outlines for the list, with their versions."""
    return select(LetterTemplate).options(selectinload(LetterTemplate.versions))


def find(template_id: int) -> LetterTemplate:
    """One outline. Raises NotFound."""
    return the_one(listed().where(LetterTemplate.id == template_id), _l("There is no such outline."))


def version(version_id: int) -> LetterVersion:
    """One wording. Raises NotFound."""
    found = db.session.get(LetterVersion, version_id)
    if found is None:
        raise NotFound(_l("There is no such outline."))
    return found


def current_version(template: LetterTemplate, on: date | None = None) -> LetterVersion | None:
    """The wording that holds on the day; None before the first."""
    day = on or today()
    return next((one for one in template.versions if one.valid_from <= day), None)


def offered() -> Sequence[LetterTemplate]:
    """Outlines that a campaign may send today."""
    query = listed().where(
        LetterTemplate.case_only.is_(False),
        or_(LetterTemplate.retired_on.is_(None), LetterTemplate.retired_on > today()),
    )
    found = db.session.scalars(query.order_by(LetterTemplate.id))
    return [one for one in found if current_version(one) is not None]


def outline_named(name: str) -> LetterVersion | None:
    """The wording of today of an outline that a campaign may send, by its code or its name."""
    found = next((one for one in offered() if name in (one.code, one.name)), None)
    return current_version(found) if found else None


def letterhead_of(branch: Branch) -> Letterhead:
    """How the branch heads its letters: its own, the nearest above it, or its name (not stored)."""
    above = [int(step) for step in branch.path.split("/") if step]
    query = (
        select(Letterhead)
        .join(Branch, Branch.id == Letterhead.branch_id)
        .where(Letterhead.branch_id.in_(above))
        .order_by(func.length(Branch.path).desc())
        .limit(1)
    )
    return db.session.scalar(query) or Letterhead(
        branch_id=branch.id, issuer=branch.name, prefix="公积金函", address="", postal_code=""
    )


def as_data(
    wording: LetterVersion,
    head: Letterhead,
    values: Mapping[str, str],
    law: Mapping[str, LegalBasis],
    **more: str,
) -> dict[str, Any]:
    """A letter as the typesetter takes it. `more`: number, addressee, date, note, code, qr.

    Raises DomainError naming what has no value.
    """
    bare = {"number": "", "addressee": "", "date": "", "note": "", "code": "", "qr": ""}
    return bare | {
        "issuer": head.issuer,
        "signatory": head.issuer,
        "title": text.fill(wording.title, values, law),
        "paragraphs": text.laid_out(wording.text, values, law),
        "enclosures": [
            {
                "title": text.fill(one["title"], values, law),
                "paragraphs": text.laid_out(one["text"], values, law),
            }
            for one in wording.enclosures
        ],
        **more,
    }


def frozen(wording: LetterVersion, branch: Branch, given: Mapping[str, str], on: date) -> dict[str, Any]:
    """What a campaign's letters say beside their wording, so that what was approved is what is made.

    `given` are the author's values as letters write them; the law is quoted as it stands on the day.
    """
    head = letterhead_of(branch)
    law = text.law_of(text.wording(wording), on)
    return {
        "values": dict(given),
        "head": {"issuer": head.issuer, "prefix": head.prefix},
        "law": {
            code: {"law": one.law, "article": one.article, "quote": one.quote} for code, one in law.items()
        },
    }


def as_frozen(
    wording: LetterVersion, kept: Mapping[str, Any], values: Mapping[str, str], **more: str
) -> dict[str, Any]:
    """A letter as the typesetter takes it, of what `frozen` kept and one employer's values."""
    head = Letterhead(**kept["head"])
    law = {code: LegalBasis(**words) for code, words in kept["law"].items()}
    return as_data(wording, head, {**values, **kept["values"]}, law, **more)


def document(
    letters: Sequence[Mapping[str, Any]], *, draft: bool = False, duplex: bool = True, marks: bool = False
) -> bytes:
    """Letters in one PDF, each on sheets of its own; with `marks`, a bookmark where each begins.

    Raises DomainError when it cannot be made.
    """
    data = {"title": letters[0]["title"] if letters else "", "draft": draft, "duplex": duplex}
    return typeset(TEMPLATE, {**data, "letters": list(letters), **({"marks": True} if marks else {})})


def sample(wording: LetterVersion, branch: Branch) -> bytes:
    """The wording for an employer that does not exist: each variable shows its own name."""
    labels = {one.name: one.label for one in text.Asked.of(wording)}
    return document([proposed(wording, branch, {}, labels, addressee="示例科技有限公司")], draft=True)


def proposed(
    wording: LetterVersion, branch: Branch, values: Mapping[str, str], labels: Mapping[str, Any], **more: str
) -> dict[str, Any]:
    """A letter of today without a number, as the typesetter takes it: what has no value shows its label."""
    words, head, day = text.wording(wording), letterhead_of(branch), today()
    shown = {name: values.get(name) or f"〔{labels.get(name) or name}〕" for name in text.placeholders(words)}
    law = text.law_of(words, day)
    absent = {code: _absent(code) for code in text.bases(words) if code not in law}
    number = f"{head.prefix}〔{day.year}〕×号"
    return as_data(wording, head, shown, law | absent, number=number, date=text.day(day), **more)


def _absent(code: str) -> LegalBasis:
    return LegalBasis(law="……", article=f"〔{code}〕", quote=f"〔{code}〕")
