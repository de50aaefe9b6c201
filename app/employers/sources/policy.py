"""Whose word counts when several sources speak of one employer, in whichever order their files arrive.

What an employer shows must not depend on the order of imports. So a field is not simply set by the file that
came last: each source has a weight for each field, and between two files of one source the later day
wins. What a person corrected stays until a person changes it. `Employer.registry_as_of` and
`statement_period` say from when most of the fields are; `told` remembers the source and the day only of
fields that are from elsewhere.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any, NamedTuple

from flask_babel import lazy_gettext as _l

from app.core.language.i18n import msgid

REGISTRY, STATEMENT, INSURANCE, BANK = "registry", "statement", "social_insurance", "bank"
#: a person of the department, who counts more than any file
OFFICE = "office"
#: a handler, whose word somebody of the department has checked
HANDLER = "handler"
BY_HAND = (OFFICE, HANDLER)
#: which source counts as the first to have named an employer, where several did on the same day
FIRST = (REGISTRY, STATEMENT, INSURANCE, BANK, "partner", "tip")

#: what the registry alone says, and what the statement alone says
REGISTERED = (
    "registry_type", "registered_capital", "business_scope", "industry_written", "operating_status",
)  # fmt: skip
STATED = (
    "employer_account_no",
    "economic_type",
    "account_status",
    "heads",
    "sealed_heads",
    "employer_rate",
    "employee_rate",
    "monthly_amount",
    "pay_day",
    "account_opened_on",
    "online_signed_on",
    "first_contribution_month",
    "bank_code",
    "bank_name",
    "account_balance",
    "account_closed_on",
    "account_closing_reason",
    "affiliation",
    "unit_type",
    "postal_code",
    "email",
)
#: who says a field, whoever counts most first; what nobody says here is set by no file
TELLERS: Mapping[str, tuple[str, ...]] = {
    "name": (REGISTRY, STATEMENT, INSURANCE, BANK),
    "address": (REGISTRY, STATEMENT, BANK),
    "established_on": (REGISTRY, STATEMENT),
    "industry": (REGISTRY, STATEMENT),
    "area": (STATEMENT, INSURANCE, REGISTRY),
    **dict.fromkeys(REGISTERED, (REGISTRY,)),
    **dict.fromkeys(STATED, (STATEMENT,)),
}
FIELDS = {
    source: tuple(field for field, tellers in TELLERS.items() if source in tellers)
    for source in (REGISTRY, STATEMENT, INSURANCE, BANK)
}
#: the columns of an employer that `weighed` reads beside the fields of the source
BOOKKEEPING = ("told", "registry_as_of", "statement_period", "listed_on", "source", "source_as_of")

#: a source and its day
Standing = tuple[str, str]
Values = Mapping[str, Any]

#: why lists reject rows, and what they remark of others (`core.importing.spec.ImportSpec`)
REASONS = {
    "other_branch": _l("belongs to another branch; ask the department to import it"),
    "merged": _l("belongs to a record that was merged into another; close or correct it at its source"),
    "ambiguous": _l("%(number)s employers have this name: add the credit code"),
}
REMARKS = {
    "already_contributing": _l("It contributes already: no lead, the source is noted."),
    "has_account": _l("It has an account already and is being set up: the source is noted."),
    "sealed": _l("Its account is sealed, yet it is named here: look into it."),
    "closing": _l("Its account is being closed, yet it is named here: look into it."),
    "closed": _l("Its account was closed, yet it is named here: look into it."),
    "dismissed": _l("It was dismissed as a lead, yet it is named here: look into it."),
    "missing": _l("is missing; the row was matched by its name, or is a lead without a code"),
}

#: why a firm is not obliged, by the first two characters of its credit code (GB 32100: authority and kind)
NOT_OBLIGED = {
    "92": msgid("Individual business: not an employing unit under the Regulation"),
}


def ineligible_reason(uscc: str | None) -> str | None:
    """The msgid of why a firm of this code need not contribute; None if it must, as far as is known."""
    return NOT_OBLIGED.get(uscc[:2]) if uscc else None


def obligation(uscc: str | None) -> dict[str, Any]:
    """The columns that follow from a credit code."""
    reason = ineligible_reason(uscc)
    return {"eligible": reason is None, "ineligible_reason": reason}


def heard_first(source: str, as_of: date, known: Values | None = None) -> dict[str, Any]:
    """The columns that say by whom the employer was first named, if this source was earlier than that."""
    if known is not None and (since := known["source_as_of"]) is not None:
        earliest = (since, _rank(known["source"], FIRST))
        if (as_of, _rank(source, FIRST)) >= earliest:
            return {}
    return {"source": source, "source_as_of": as_of}


class Contradiction(NamedTuple):
    """A claim that differs from a person's correction, the day of that, and whether the claim replaces it."""

    claim: Any
    since: str
    replaced: bool


class Weighed(NamedTuple):
    """The columns that change, `told` among them, and the claims that contradict a person's corrections."""

    changes: dict[str, Any]
    contradictions: dict[str, Contradiction]


#: whether a field that a person corrected to this value is to be what the file says
Replaces = Callable[[str, Any], bool]


def stays(_field: str, _correction: Any) -> bool:
    """What holds where nobody was asked: people's corrections stay."""
    return False


def weighed(known: Values, source: str, as_of: date, claims: Values, replaces: Replaces = stays) -> Weighed:
    """What the claims of a source change of an employer; empty cells claim nothing.

    `known` has the BOOKKEEPING columns and the FIELDS of the source. A claim is taken unless the present
    value is a person's (who was asked: `replaces`), of a source that counts more, or of a later day of the
    same source.
    """
    told = dict(known["told"] or {})
    before, after = _days(known), _days(known)
    if source in (REGISTRY, STATEMENT):
        after[source] = max(as_of, before.get(source) or as_of)
    found = Weighed({}, {})
    for field in FIELDS[source]:
        value, present = claims.get(field), known[field]
        standing = None if present is None else _standing(field, told, before)
        counts = value is not None and _counts(field, source, as_of, standing)
        if value not in (None, present) and standing is not None and standing[0] in BY_HAND:
            counts = replaces(field, present)
            found.contradictions[field] = Contradiction(value, standing[1], counts)
        if counts:
            standing = (source, as_of.isoformat())
            if value != present:
                found.changes[field] = value
        _pin(told, field, standing, after)
    if told != (known["told"] or {}):
        found.changes["told"] = told or None
    return found


def founded(source: str, as_of: date, claims: Values, uscc: str | None) -> dict[str, Any]:
    """The columns of an employer that a source is the first to name; of a statement without its period."""
    nobody = dict.fromkeys((*FIELDS[source], *BOOKKEEPING))
    columns = weighed(nobody, source, as_of, claims).changes
    if source == REGISTRY:
        columns["registry_as_of"] = as_of
    return {**columns, **heard_first(source, as_of), **obligation(uscc)}


def corrected(
    told: Values | None, fields: Iterable[str], day: date, told_by: str = OFFICE
) -> dict[str, Any] | None:
    """`Employer.told` after a person corrected these fields, as one of BY_HAND had told."""
    by_hand = {field: [told_by, day.isoformat()] for field in fields if field in TELLERS}
    return {**(told or {}), **by_hand} or None


def is_plain(known: Values, source: str, as_of: date) -> bool:
    """Whether every claim of the source's own fields is simply the newest word; saves weighing each."""
    latest = _days(known).get(source)
    return not known["told"] and (latest is None or latest <= as_of)


def _days(known: Values) -> dict[str, date]:
    """Of which day the newest file of the registry and of the statements is."""
    days = {}
    if known["registry_as_of"] is not None:
        days[REGISTRY] = known["registry_as_of"]
    if known["statement_period"] is not None:
        days[STATEMENT] = known["statement_period"].last_day
    return days


def _standing(field: str, told: Values, days: Mapping[str, date]) -> Standing | None:
    """Who said the present value, and when; None when nobody of the tellers did."""
    if field in told:
        source, day = told[field]
        return source, day
    for source in TELLERS[field]:
        if source in days:
            return source, days[source].isoformat()
    return None


def _counts(field: str, source: str, as_of: date, standing: Standing | None) -> bool:
    if standing is None or standing[0] in BY_HAND:
        return standing is None
    mine, theirs = _rank(source, TELLERS[field]), _rank(standing[0], TELLERS[field])
    return mine < theirs or (mine == theirs and as_of.isoformat() >= standing[1])


def _pin(told: dict[str, Any], field: str, standing: Standing | None, days: Mapping[str, date]) -> None:
    """Remembers who said a field where the days of the files would say somebody else."""
    if standing is None or standing == _standing(field, {}, days):
        told.pop(field, None)
    else:
        told[field] = list(standing)


def _rank(source: str, order: tuple[str, ...]) -> int:
    return order.index(source) if source in order else len(order)
