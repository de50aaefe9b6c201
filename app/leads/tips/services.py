"""Writing down who named a firm, whether or not it was known."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.core import timeline
from app.core.db import db
from app.core.errors import Conflict, DomainError
from app.core.language.i18n import msgid, msgid_of
from app.core.language.text import name_key
from app.core.permissions import Actor
from app.employers import services as employers
from app.employers.models import SOURCE_LABELS, Employer
from app.employers.policy import visible_to
from app.employers.search.services import reindex
from app.employers.sources.models import EmployerSource
from app.employers.sources.policy import heard_first, obligation
from app.leads.pool.queries import capacity_of, held_by

NAMED = msgid("Named by %(source)s (%(told_by)s)")


@dataclass(frozen=True)
class Word:
    """Who said what, and of which day it is; `source` is "tip" or "partner"."""

    source: str
    told_by: str
    as_of: date
    said: Mapping[str, Any]


def tell(firm: Mapping[str, Any], word: Word, actor: Actor, *, despite_name: bool = False) -> Employer:
    """A firm is named: one known in reach learns of the source, another becomes a lead.

    Raises Conflict for one that another branch knows, and for the same word twice.
    """
    employer = _known(firm, actor, despite_name)
    if employer is None:
        values = {**firm, "source": word.source, "source_as_of": word.as_of, **obligation(firm["uscc"])}
        employer = employers.create_prospect(values, actor, despite_name=despite_name)
        if held_by(actor.id) > capacity_of(actor.id):
            # somebody else has to take it
            employer.owner = None
        reindex([employer.id])
    add_word(employer, word, actor)
    return employer


def _known(firm: Mapping[str, Any], actor: Actor, despite_name: bool) -> Employer | None:
    if firm["uscc"]:
        here = select(Employer).where(Employer.uscc == firm["uscc"], visible_to(actor))
        return db.session.scalars(here).unique().one_or_none()
    if despite_name:
        return None
    named = select(Employer).where(Employer.name_key == name_key(firm["name"]), visible_to(actor))
    found = db.session.scalars(named.limit(2)).unique().all()
    if len(found) > 1:
        raise DomainError(_l("Several employers have this name: add the credit code."))
    return found[0] if found else None


def add_word(employer: Employer, word: Word, actor: Actor) -> EmployerSource:
    """Keeps who named an employer; Conflict when that word of that day is noted already."""
    same = select(EmployerSource.id).where(
        EmployerSource.employer_id == employer.id,
        EmployerSource.source == word.source,
        EmployerSource.as_of == word.as_of,
        EmployerSource.told_by == word.told_by,
    )
    if db.session.scalar(same) is not None:
        raise Conflict(_l("This source of this day is noted already."))
    made = EmployerSource(employer_id=employer.id, source=word.source, as_of=word.as_of)
    made.told_by, made.said = word.told_by, dict(word.said)
    db.session.add(made)
    before = {"source": employer.source, "source_as_of": employer.source_as_of}
    for name, value in heard_first(word.source, word.as_of, before).items():
        setattr(employer, name, value)
    employer.listed_on = max(word.as_of, employer.listed_on or word.as_of)
    source = {"msgid": msgid_of(SOURCE_LABELS[word.source])}
    timeline.record(
        employer.id, "lead", NAMED, params={"source": source, "told_by": word.told_by}, actor=actor
    )
    db.session.flush()
    return made
