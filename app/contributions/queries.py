"""What is already known of the employers that a chunk of statement lines names."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import bindparam, func, select

from app.accounts.models import User
from app.contributions.models import ContributionFact
from app.core.bulk import read_rows, read_tuples
from app.core.db import among, db
from app.core.escalating import Exhibit
from app.core.language.i18n import msgid
from app.core.language.text import name_key
from app.core.periods import Period
from app.core.permissions import Actor
from app.employers.models import Contact, ContactRole, Employer, EmployerContact
from app.employers.sources.queries import by_code, nameless_codes
from app.imports.models import ImportBatch

#: columns that a statement line sets on the employer
STATED = (
    "employer_account_no",
    "economic_type",
    "account_status",
    "heads",
    "sealed_heads",
    "employer_rate",
    "employee_rate",
    "monthly_amount",
    "paid_through",
    "pay_day",
    "area",
    "account_opened_on",
    "online_signed_on",
    "first_contribution_month",
    "bank_code",
    "bank_name",
    "account_balance",
    "account_closed_on",
    "account_closing_reason",
)
#: unit information that some statements have as well: it seldom changes, and never set-wise
UNIT = ("address", "established_on", "unit_type", "industry", "affiliation", "postal_code", "email")
#: columns that follow from the line and the as-of date
RECKONED = ("arrears_months", "arrears_as_of", "statement_period")
#: until when statements have said the same of the handler
CONFIRMED = ("handler_named_on", "handler_number_on", "handler_landline_on")
KNOWN = (*STATED, *UNIT, *RECKONED, *CONFIRMED)
#: what makes a fact of a month; two lines that agree in these say the same
FACT = (
    "account_status",
    "heads",
    "sealed_heads",
    "employer_rate",
    "employee_rate",
    "monthly_amount",
    "paid_through",
    "pay_day",
    "first_contribution_month",
)

Known = Mapping[str, Any]


class Handler(NamedTuple):
    """The current handler's link to the employer (`id`, `until`), and the person."""

    id: int
    until: date | None
    contact_id: int
    name: str
    mobile: str | None
    verified_on: date | None
    invalid_since: date | None
    #: who said each number of the person, and who that it handles there, on which day
    told: Mapping[str, Any] | None
    told_by: str | None
    told_on: date | None
    landline: str | None
    id_number_index: str | None
    #: until when statements have named this handler, and the mobile number
    named_on: date | None
    number_on: date | None


def employers_by_code(names: Mapping[str, str], actor: Actor | None) -> dict[str, Known]:
    """Employers by the credit codes of lines, whose names are given; see `sources.queries.by_code`.

    A lead whose code was missing until now is found by the line's name; its `uscc` is None.
    """
    known = by_code(names.keys(), actor, KNOWN)
    unknown = {name_key(name): code for code, name in names.items() if code not in known}
    found = nameless_codes(unknown.keys(), actor, KNOWN)
    return {**known, **{unknown[key]: employer for key, employer in found.items()}}


def has_accounts() -> bool:
    """Whether any employer has an account."""
    query = select(Employer.id).where(Employer.employer_account_no.is_not(None)).limit(1)
    return db.session.scalar(query) is not None


def codes_by_account(accounts: Collection[str]) -> dict[str, str | None]:
    """Whose each account number is: credit code (None where the employer has none) by account number."""
    query = select(Employer.employer_account_no, Employer.uscc).where(
        among(Employer.employer_account_no, accounts)
    )
    return {account: code for account, code in read_tuples(query) if account is not None}


def facts_of(employer_ids: Collection[int], period: Period) -> dict[int, Known]:
    """The fact in force of each employer for the month."""
    columns = (ContributionFact.employer_id, ContributionFact.version)
    query = (
        select(*columns, *(getattr(ContributionFact, name) for name in FACT))
        .where(among(ContributionFact.employer_id, employer_ids), ContributionFact.period == period)
        .order_by(ContributionFact.version)
    )
    return {row["employer_id"]: row for row in read_rows(query)}


def handlers_of(employer_ids: Collection[int]) -> dict[int, Handler]:
    """The current handler of each employer; the newest where there are several."""
    query = (
        select(
            EmployerContact.employer_id,
            EmployerContact.id,
            EmployerContact.until,
            Contact.id,
            Contact.name,
            Contact.mobile,
            Contact.verified_on,
            Contact.invalid_since,
            Contact.told,
            EmployerContact.told_by,
            EmployerContact.told_on,
            Contact.landline,
            Contact.id_number_index,
            Employer.handler_named_on,
            Employer.handler_number_on,
        )
        .join(Contact, Contact.id == EmployerContact.contact_id)
        .join(Employer, Employer.id == EmployerContact.employer_id)
        .where(
            among(EmployerContact.employer_id, employer_ids),
            EmployerContact.role == ContactRole.HANDLER,
            EmployerContact.until.is_(None),
        )
        .order_by(EmployerContact.id)
    )
    return {row[0]: Handler(*row[1:]) for row in read_tuples(query)}


def former_handlers(employer_ids: Collection[int]) -> dict[tuple[int, str], int]:
    """Who handled there before, by employer and name; of namesakes the last."""
    link = EmployerContact
    query = (
        select(link.employer_id, Contact.name, Contact.id)
        .join(Contact, Contact.id == link.contact_id)
        .where(among(link.employer_id, employer_ids), link.role == ContactRole.HANDLER)
        .where(link.until.is_not(None), Contact.merged_into_id.is_(None))
        .order_by(link.id)
    )
    return {(employer_id, name): contact_id for employer_id, name, contact_id in read_tuples(query)}


def named_by(contact_ids: Collection[int], month: Period) -> list[tuple[int, int]]:
    """Handlers with the employers that they serve now and that a statement of the month or later named."""
    query = (
        select(EmployerContact.contact_id, EmployerContact.employer_id)
        .join(Employer, Employer.id == EmployerContact.employer_id)
        .where(
            among(EmployerContact.contact_id, contact_ids),
            EmployerContact.role == ContactRole.HANDLER,
            EmployerContact.until.is_(None),
            Employer.statement_period >= month,
        )
    )
    return [(contact_id, employer_id) for contact_id, employer_id in read_tuples(query)]


def contacts_by_mobile(mobiles: Collection[str]) -> dict[tuple[str, str], int]:
    """Contacts by mobile and name: one handler of many employers is one person."""
    query = select(Contact.mobile, Contact.name, Contact.id).where(among(Contact.mobile, mobiles))
    return {(mobile, name): found for mobile, name, found in read_tuples(query) if mobile}


def latest_statement() -> Period | None:
    """The newest month of which a statement was recorded."""
    return db.session.scalar(select(func.max(ContributionFact.period)))


#: Made once: to put it together takes longer than to run it.
_LATEST_FACTS = (
    select(ContributionFact)
    .where(ContributionFact.employer_id == bindparam("employer_id"))
    .order_by(ContributionFact.period.desc(), ContributionFact.version.desc())
    .limit(bindparam("most"))
)


class Version(NamedTuple):
    """A fact as it was stated once, and who had the statement imported that says so (None: a command)."""

    fact: ContributionFact
    by: str | None


def corrected(employer_id: int, facts: Collection[ContributionFact]) -> list[Version]:
    """Every version of those of these months that were corrected, the latest first; most have none."""
    months = [fact.period for fact in facts if fact.version > 1]
    if not months:
        return []
    fact = ContributionFact
    query = (
        select(fact, User.name)
        .outerjoin(ImportBatch, ImportBatch.id == fact.batch_id)
        .outerjoin(User, User.id == ImportBatch.created_by_id)
        .where(fact.employer_id == employer_id, fact.period.in_(months))
        .order_by(fact.period.desc(), fact.version.desc())
    )
    return [Version(*row) for row in db.session.execute(query)]


def facts_in_force(employer_id: int, months: int = 24) -> list[ContributionFact]:
    """The version in force of each of the latest months, newest month first."""
    found: dict[Period, ContributionFact] = {}
    # corrections of a month are rare
    for fact in db.session.scalars(_LATEST_FACTS, {"employer_id": employer_id, "most": 3 * months}):
        found.setdefault(fact.period, fact)
    return list(found.values())[:months]


STATED_THEN = msgid("Statement of %(month)s: %(months)s months unpaid, paid through %(paid)s")


def statement_as_evidence(employer_id: int, _since: date) -> list[Exhibit]:
    """The latest statement as evidence: what it said as of its day, in the version in force."""
    fact = ContributionFact
    query = select(fact).where(fact.employer_id == employer_id)
    found = db.session.scalars(query.order_by(fact.period.desc(), fact.version.desc()).limit(1)).first()
    if found is None:
        return []
    said = {
        "month": {"period": str(found.period)},
        "months": found.arrears_months,
        "paid": {"period": str(found.paid_through)} if found.paid_through else "—",
    }
    return [Exhibit(found.as_of, STATED_THEN, said, found.id)]
