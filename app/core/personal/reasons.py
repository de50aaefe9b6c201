"""Why somebody looks at personal data in full: one of a few offered reasons, or words of one's own.

The reason goes into the audit trail. Numbers have no place in it, so they are taken out of a person's words.
"""

import re
import unicodedata
from collections.abc import Mapping

from flask import session
from flask_babel import lazy_gettext as _l

from app.core.errors import DomainError
from app.core.language.i18n import msgid
from app.core.language.text import clean

#: By their short names, as they are stored and translated when shown; the last one asks for words.
REASONS = {
    "contact": msgid("Reach the person about the employer's business"),
    "identity": msgid("Check who the person is"),
    "document": msgid("Fill in a form or a letter of the department"),
    "correction": msgid("Correct the data"),
    "request": msgid("Answer an authority that may ask by law"),
    "other": msgid("Another reason"),
}
OTHER = "other"
LONGEST = 200
SHORTEST = 4
REMEMBERED = "reason"

_NUMBER = re.compile(r"\d[\d\s-]{5,}[\dXx]")


def given_reason(answers: Mapping[str, str]) -> str | None:
    """The reason that a form gives (`reason`, and `reason_words` beside it); None when it gives none.

    Raises DomainError for a reason that is not offered, and for another one without words.
    """
    name = answers.get("reason", "")
    words = without_numbers(clean(answers.get("reason_words", "")))[:LONGEST]
    if not name and not words:
        return None
    if name and name not in REASONS:
        raise DomainError(_l("Choose one of the offered reasons, or say it in words."))
    if name in ("", OTHER):
        if len(words) < SHORTEST:
            raise DomainError(_l("Say in some words why you need the data: the audit trail keeps it."))
        return words
    return REASONS[name]


def reason_for_numbers(answers: Mapping[str, str]) -> str | None:
    """Why telephone numbers are shown: as given now, which is remembered, or else as given before.

    None asks for it; so does the form by `ask`, whatever is remembered.
    """
    if answers.get("ask"):
        return None
    given = given_reason(answers)
    if given is not None:
        session[REMEMBERED] = given
    return given or remembered()


def remembered() -> str | None:
    """The reason given earlier in this session, for whoever calls one contact after the other."""
    reason = session.get(REMEMBERED)
    return reason if isinstance(reason, str) else None


def without_numbers(words: str) -> str:
    """Words with whatever looks like a telephone, account or ID number taken out."""
    return _NUMBER.sub("…", unicodedata.normalize("NFKC", words))
