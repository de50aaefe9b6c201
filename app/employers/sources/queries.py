"""Which employers the lines of a file are about, and who has named an employer so far."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, select

from app.core.bulk import read_rows
from app.core.db import among, db
from app.core.errors import NotFound
from app.core.permissions import Actor
from app.employers.models import SOURCE_LABELS, Employer, FormerName
from app.employers.policy import in_reach, not_merged, visible_to
from app.employers.sources.models import EmployerSource
from app.employers.sources.policy import BOOKKEEPING, REGISTRY, STATEMENT

#: what every plan of an import has to know of an employer
IDENTITY = (
    "id",
    "uscc",
    "name",
    "name_key",
    "stage",
    "merged_into_id",
    "eligible",
    "ineligible_reason",
    *BOOKKEEPING,
)

#: what the card says of a source's words
FACT_LABELS = {
    "account_opened_on": _l("Bank account opened on"),
    "insured_heads": _l("Insured employees"),
    "name": _l("Name there"),
    "area": _l("Street or town"),
    "address": _l("Address"),
    "note": _l("What was reported"),
}
#: of these, only what differs from the employer's own is worth saying again
REPEATED = ("name", "area", "address")

Known = Mapping[str, Any]


def by_code(codes: Collection[str], actor: Actor | None, columns: Sequence[str]) -> dict[str, Known]:
    """Employers of all branches by credit code, with IDENTITY and these columns.

    `within_reach` says whether the actor may know of them. A record that was merged into another still has
    its code: `merged_into_id` says so.
    """
    return {row["uscc"]: row for row in _employers(among(Employer.uscc, codes), actor, columns)}


def nameless_codes(keys: Collection[str], actor: Actor | None, columns: Sequence[str]) -> dict[str, Known]:
    """Employers in reach whose credit code is missing yet, by the key of their name, where it is unique."""
    some = select(Employer.id).where(Employer.uscc.is_(None)).limit(1)
    if not keys or db.session.scalar(some) is None:
        return {}
    condition = Employer.uscc.is_(None) & among(Employer.name_key, keys) & in_reach(actor) & not_merged()
    return {key: rows[0] for key, rows in _grouped(condition, actor, columns).items() if len(rows) == 1}


def by_name(keys: Collection[str], actor: Actor | None, columns: Sequence[str]) -> dict[str, Sequence[Known]]:
    """Employers of all branches whose name reads so; those that were called so where none is now."""
    if not keys:
        return {}
    present = _grouped(among(Employer.name_key, keys) & not_merged(), actor, columns)
    rest = set(keys) - present.keys()
    if not rest:
        return present
    former = select(FormerName.name_key, FormerName.employer_id).where(among(FormerName.name_key, rest))
    owners: dict[str, set[int]] = defaultdict(set)
    for key, employer_id in db.session.execute(former):
        owners[key].add(employer_id)
    ids = set().union(*owners.values())
    rows = {row["id"]: row for row in _employers(among(Employer.id, ids) & not_merged(), actor, columns)}
    called = {key: [rows[one] for one in sorted(found) if one in rows] for key, found in owners.items()}
    return {**present, **called}


def _grouped(
    condition: ColumnElement[bool], actor: Actor | None, columns: Sequence[str]
) -> dict[str, Sequence[Known]]:
    found: dict[str, list[Known]] = defaultdict(list)
    for row in _employers(condition, actor, columns):
        found[row["name_key"]].append(row)
    return dict(found)


def _employers(
    condition: ColumnElement[bool], actor: Actor | None, columns: Sequence[str]
) -> list[dict[str, Any]]:
    wanted = [getattr(Employer, name) for name in dict.fromkeys((*IDENTITY, *columns))]
    query = select(*wanted, in_reach(actor).label("within_reach")).where(condition).order_by(Employer.id)
    return read_rows(query)


def said_before(employer_ids: Collection[int], source: str, day: date) -> dict[tuple[int, str], Known]:
    """What a source said of these employers on that day, by employer and teller."""
    columns = (EmployerSource.id, EmployerSource.employer_id, EmployerSource.told_by, EmployerSource.said)
    query = select(*columns).where(
        among(EmployerSource.employer_id, employer_ids),
        EmployerSource.source == source,
        EmployerSource.as_of == day,
    )
    return {(row["employer_id"], row["told_by"]): row for row in read_rows(query)}


def sources_of(employer_id: int) -> Sequence[EmployerSource]:
    """Who named the employer, the latest first."""
    query = select(EmployerSource).where(EmployerSource.employer_id == employer_id)
    return db.session.scalars(query.order_by(EmployerSource.as_of.desc(), EmployerSource.id.desc())).all()


def find(source_id: int, actor: Actor | None) -> EmployerSource:
    """What a list said of an employer in the actor's reach, if it gave a telephone number; NotFound else."""
    query = select(EmployerSource).join(EmployerSource.employer)
    found = db.session.scalar(query.where(EmployerSource.id == source_id, visible_to(actor)))
    if found is None or "phone" not in found.said:
        raise NotFound(_NO_SUCH)
    return found


_NO_SUCH = _l("There is no such source.")


@dataclass(frozen=True)
class Mention:
    """One line of the card: a source, its day, and what it said as pairs of label and value."""

    label: Any
    as_of: date | None
    facts: Sequence[tuple[Any, Any]] = ()
    told_by: str = ""
    phone: str = ""
    #: the row of `employer_sources`
    id: int | None = None
    #: the employer was first named here
    first: bool = False


def mentions(employer: Employer) -> list[Mention]:
    """Who named the employer, the latest first: lists, registry, statement, and whoever came first."""
    # most employers are on no list: their page is spared a statement
    return mentions_among(employer, sources_of(employer.id) if employer.listed_on else ())


def mentions_among(employer: Employer, listings: Iterable[EmployerSource]) -> list[Mention]:
    """The same of an employer whose lists are at hand."""
    found = [_of_list(one, employer) for one in listings]
    days = {REGISTRY: employer.registry_as_of}
    if employer.statement_period is not None:
        # a month's statement may come before the month is over
        month_end = employer.statement_period.last_day
        days[STATEMENT] = min(month_end, employer.arrears_as_of or month_end)
    for source, day in days.items():
        if day is not None:
            found.append(Mention(SOURCE_LABELS[source], day))
    label = SOURCE_LABELS.get(employer.source, employer.source)
    first = Mention(label, employer.source_as_of, first=True)
    same = [one for one in found if (one.label, one.as_of) == (first.label, first.as_of)]
    found = [replace(one, first=True) if one in same[:1] else one for one in found]
    if not same:
        found.append(first)
    return sorted(found, key=lambda one: one.as_of or date.min, reverse=True)


def _of_list(one: EmployerSource, employer: Employer) -> Mention:
    said = one.said
    facts = [
        (label, _value(name, said[name]))
        for name, label in FACT_LABELS.items()
        if name in said and (name not in REPEATED or said[name] != getattr(employer, name))
    ]
    return Mention(SOURCE_LABELS[one.source], one.as_of, facts, one.told_by, said.get("phone", ""), one.id)


def _value(name: str, value: Any) -> Any:
    return date.fromisoformat(value) if name.endswith("_on") else value
