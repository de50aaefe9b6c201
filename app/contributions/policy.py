"""What a statement line says of an employer's arrears and stage, and who may see statements."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache, lru_cache
from typing import Any, NamedTuple

from flask_babel import lazy_gettext as _l

from app.core.code_tables import Codes, code_of, codes, nearest
from app.core.features import current_features
from app.core.importing.spec import Context
from app.core.options import Option
from app.core.periods import Period
from app.core.permissions import Grantable
from app.core.rules.deferring import Reading, Term, excused, in_force, lapsed, last_owed
from app.core.rules.dues import Rule, Unpaid, last_due_month, months_in_arrears
from app.core.rules.identifiers import email, landline, postal_code
from app.core.sheets.cells import CellError
from app.employers.models import AccountStatus, Stage
from app.employers.people.policy import id_type_of
from app.lifecycle.workflow import LIFECYCLE

#: open accounts, the only ones that can be behind
OPEN = (AccountStatus.NORMAL, AccountStatus.OPENED)

GRACE_DAYS = Option(
    "contributions.grace_days",
    _l("A month is paid on time within"),
    usual=5,
    low=0,
    high=28,
    unit=_l("days after pay day"),
    help=_l("Article 19 of the Regulation says five; a month is overdue from the day after."),
)
DEFAULT_PAY_DAY = Option(
    "contributions.default_pay_day",
    _l("Pay day where none is known"),
    usual=15,
    low=1,
    high=31,
    unit=_l("day of the month"),
)
OPTIONS = (GRACE_DAYS, DEFAULT_PAY_DAY)


def rule_on(day: date) -> Rule:
    """What held on the day of reckoning."""
    deferments = current_features().deferments
    breaks = deferments.breaks(day) if deferments else Rule.plan_breaks
    return Rule(GRACE_DAYS.value(day), DEFAULT_PAY_DAY.value(day), breaks)


class Permission(Grantable):
    VIEW = "contributions:view", _l("See what employers paid and what they owe")
    IMPORT = "contributions:import", _l("Import monthly statements")


_BY_STATUS = {
    AccountStatus.DEFERRED: Stage.ON_RELIEF,
    AccountStatus.CLOSED: Stage.CLOSED,
    AccountStatus.SEALED: Stage.SEALED,
}


def stage_for(status: AccountStatus, paid_through: Period | None, arrears_months: int) -> Stage | None:
    """The stage a statement line proves; None where it proves nothing (status 99).

    An account that never paid is an opened one, unless it is normal (01) and its first contribution month
    has fallen due. One that has paid is a contributing one even if the bank still shows 02: the first
    remittance makes it normal.
    """
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if status is AccountStatus.OTHER:
        return None
    if arrears_months > 0 and (status is AccountStatus.NORMAL or paid_through is not None):
        return Stage.IN_ARREARS
    return Stage.REGISTERED if paid_through is None else Stage.CONTRIBUTING


class Facts(NamedTuple):
    """What a line of a statement says that arrears are reckoned from."""

    status: AccountStatus
    paid: Period | None
    pay_day: int | None
    first: Period | None

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "Facts":
        return cls(
            values["account_status"],
            values.get("paid_through"),
            values.get("pay_day"),
            values.get("first_contribution_month"),
        )


def stands(
    facts: Facts, day: date, rule: Rule, terms: tuple[Term, ...] = (), statement: Period | None = None
) -> tuple[AccountStatus, int]:
    """The status that counts on the day, and the months in arrears (domain rule E1).

    Sealed and closed accounts are not counted; nor is one opened that has yet to pay. A deferred one is not
    either, until its approved term is over (`core.rules.deferring`); without an approval known to us the
    bank's word holds. While a term is in force an account is deferred even if the bank still shows it as an
    ordinary one, unless months from before are unpaid. `standing.queries` says the same in SQL.
    """
    status = facts.status
    if status is AccountStatus.DEFERRED and lapsed(terms, day):
        status = AccountStatus.NORMAL
    counted = status in OPEN and not (status is AccountStatus.OPENED and facts.paid is None)
    months = months_in_arrears(facts.paid, facts.pay_day, day, facts.first, rule) if counted else 0
    if months and terms:
        due = last_due_month(facts.pay_day, day, rule)
        reading = Reading(day, statement or Period.of(day), due + -months, due)
        months = max(0, months - excused(terms, reading, rule.plan_breaks))
    if counted and not months and in_force(terms, day):
        status = AccountStatus.DEFERRED
    return status, months


def owed(
    facts: Facts, day: date, rule: Rule, terms: tuple[Term, ...] = (), statement: Period | None = None
) -> Unpaid | None:
    """What is owed by the statement of the month on the day, and through which month; None: nothing."""
    _status, months = stands(facts, day, rule, terms, statement)
    if not months:
        return None
    due = last_due_month(facts.pay_day, day, rule)
    unpaid = months_in_arrears(facts.paid, facts.pay_day, day, facts.first, rule)
    reading = Reading(day, statement or Period.of(day), due + -unpaid, due)
    return Unpaid(months, last_owed(terms, reading, rule.plan_breaks) or due)


@lru_cache(maxsize=8192)
def reckoned(
    facts: Facts, day: date, rule: Rule, terms: tuple[Term, ...] = (), statement: Period | None = None
) -> tuple[int, Stage | None]:
    """Months in arrears, and the stage that they and the status prove."""
    status, months = stands(facts, day, rule, terms, statement)
    return months, stage_for(status, facts.paid, months)


@cache
def sources(target: Stage) -> frozenset[str]:
    """The stages from which a statement leads to this one."""
    return frozenset(LIFECYCLE.named(f"statement_{target.value}").sources)


def evidence(
    context: Context, status: AccountStatus, paid: Period | None, pay_day: int | None, months: int
) -> dict[str, Any]:
    """What proves the stage. Lines that say the same share it, and so it is written as JSON once."""
    known: dict[Any, dict[str, Any]] = context.memory.setdefault("evidence", {})
    key = status, paid, pay_day, months
    if key not in known:
        known[key] = {
            "statement": str(month_of(context)),
            "as_of": context.as_of.isoformat(),
            "account_status": status.value,
            "paid_through": str(paid) if paid else None,
            "pay_day": pay_day,
            "months": months,
        }
    return known[key]


def rule_of(context: Context) -> Rule:
    """What holds for a run, asked once."""
    if "rule" not in context.memory:
        context.memory["rule"] = rule_on(context.as_of)
    rule: Rule = context.memory["rule"]
    return rule


def month_of(context: Context) -> Period:
    if context.period is None:
        raise ValueError("a statement is of a month")
    return context.period


def day_of(context: Context) -> date:
    """The day of which a statement speaks: the end of its month, or when it was drawn before that."""
    return min(context.as_of, month_of(context).last_day)


# Unit information -----------------------------------------------------------------------------------

#: what is read by code tables, and how
_BY_TABLE: Mapping[str, tuple[str, Callable[[Codes, str], str | None]]] = {
    "unit_type": ("unit_type", code_of),
    "industry": ("industry", nearest),
    "affiliation": ("affiliation", code_of),
    "legal_rep_id_type": ("id_type", id_type_of),
    "handler_id_type": ("id_type", id_type_of),
}
#: what reads itself
_BY_FORM: Mapping[str, Callable[[str], str]] = {
    "postal_code": postal_code,
    "email": email,
    "handler_landline": landline,
}
#: columns in which a cell that nobody can read is left out, not its whole line
LENIENT = (*_BY_TABLE, *_BY_FORM)


@dataclass
class Tables:
    """The code tables as a run found them, and what they have answered so far."""

    codes: Mapping[str, Codes]
    seen: dict[tuple[str, str], str | None] = field(default_factory=dict)

    def read(self, column: str, written: str) -> str | None:
        if (column, written) not in self.seen:
            table, find = _BY_TABLE[column]
            self.seen[column, written] = find(self.codes[table], written)
        return self.seen[column, written]


def tables_of_run(context: Context) -> Tables:
    if "tables" not in context.memory:
        context.memory["tables"] = Tables({table: codes(table) for table, _find in _BY_TABLE.values()})
    found: Tables = context.memory["tables"]
    return found


def read_unit(values: dict[str, Any], tables: Tables) -> dict[str, str]:
    """Turns the LENIENT columns of a line into codes and written forms; gives what could not be read."""
    unread = {}
    for column in LENIENT:
        if written := values.get(column):
            values[column] = _read(column, written, tables)
            if values[column] is None:
                unread[column] = written
    return unread


def _read(column: str, written: str, tables: Tables) -> str | None:
    if column in _BY_TABLE:
        return tables.read(column, written)
    try:
        return _BY_FORM[column](written)
    except CellError:
        return None
