"""The worklist of arrears: how employers stand on a day, with the case of each that is behind."""

from datetime import date
from decimal import Decimal
from typing import Any

from flask import url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy import Boolean, ColumnElement, Integer, Select, and_, literal_column, select, type_coerce
from sqlalchemy.orm import load_only

from app.accounts.lists import branch_field, user_field
from app.accounts.models import User
from app.accounts.queries import name_of
from app.contributions.arrears.models import ArrearsCase
from app.contributions.arrears.policy import OPEN_STATES, REASONS, Permission, to_be_closed
from app.contributions.arrears.workflow import ARREARS
from app.contributions.standing.policy import STANDING_LABELS, Bucket, Standing
from app.contributions.standing.queries import NAME, reckoned
from app.core.code_tables import code_field, label
from app.core.criteria.trees import Field, Kind, Tree, choices_of, rule
from app.core.db import Money, PeriodType
from app.core.language import formats
from app.core.listing.page import Column, Empty, ListPage, Quick
from app.core.permissions import Actor
from app.employers.lists import actions_on
from app.employers.models import Employer
from app.employers.policy import Permission as EmployerPermission
from app.employers.policy import visible_to
from app.employers.search.queries import matching

#: what the list reads of an employer
SHOWN = (
    Employer.id, Employer.name, Employer.area, Employer.owner_id, Employer.last_contact_on,
    Employer.operating_status, Employer.pay_day,
)  # fmt: skip


def _open_case(found: ColumnElement[bool]) -> ColumnElement[bool]:
    """Of an employer: its open case meets the condition."""
    here = ArrearsCase.employer_id == Employer.id, ArrearsCase.closed_on.is_(None)
    return select(ArrearsCase.id).where(*here, found).correlate(Employer).exists()


_STATES = choices_of({one.value: ARREARS.state(one.value).label for one in OPEN_STATES})
_GROUP = _l("Arrears case")

#: what criteria over employers may ask of their open case
EMPLOYER_FIELDS = (
    Field("arrears_state", _l("State of the arrears case"), Kind.CHOICE, ArrearsCase.state, choices=_STATES,
          within=_open_case, group=_GROUP, permission=Permission.VIEW),
    code_field("arrears_reason", _l("Why it is late"), REASONS, ArrearsCase.reason,
               within=_open_case, group=_GROUP, permission=Permission.VIEW),
    Field("promised_for", _l("Promised to pay by"), Kind.DATE, ArrearsCase.promised_for,
          within=_open_case, group=_GROUP, permission=Permission.VIEW),
)  # fmt: skip

_months = literal_column(f"{NAME}.months", Integer)
_standing = literal_column(f"{NAME}.standing", Employer.area.type)
_heads = literal_column(f"{NAME}.heads", Integer)
_fen_due = literal_column(f"{NAME}.fen_due", Integer)
_paid_through = literal_column(f"{NAME}.paid_through", PeriodType())
_statement = literal_column(f"{NAME}.period", PeriodType())
_missing = literal_column(f"{NAME}.missing", Boolean)
_owner_name = select(User.name).where(User.id == Employer.owner_id).scalar_subquery()


#: in place of a day: each employer as its latest statement left it
LATEST = "latest"


def standing_on(actor: Actor | None, day: str) -> Select[Any]:
    """Every employer with an account in the actor's reach as it stood on the day, with its open case."""
    rows = reckoned(None if day == LATEST else date.fromisoformat(day))
    stands = rows.c
    open_case = and_(ArrearsCase.employer_id == Employer.id, ArrearsCase.closed_on.is_(None))
    return (
        select(
            Employer, ArrearsCase, stands.months, stands.standing, stands.heads, stands.fen_due,
            stands.paid_through, stands.monthly_amount, stands.period, stands.missing,
        )
        .join(rows, stands.employer_id == Employer.id)
        .outerjoin(ArrearsCase, open_case)
        .where(visible_to(actor))
        .options(load_only(*SHOWN))
    )  # fmt: skip


def next_step(row: Any) -> Any:
    """What is to be done with the employer; the words of the state's deadline where it has one."""
    case = row.ArrearsCase
    if case is None:
        return None
    if to_be_closed(row.Employer, case.reason):
        return _l("Help to close its account")
    deadline = ARREARS.state_of(case).deadline
    if deadline:
        return deadline.title
    return (
        _l("Ask why the contribution is late") if not case.reason else _l("See whether the promise is kept")
    )


def _state(row: Any) -> tuple[Any, str] | None:
    if row.ArrearsCase is None:
        return None
    state = ARREARS.state_of(row.ArrearsCase)
    return state.label, state.tone.value


def _of_case(name: str) -> Any:
    return lambda row: getattr(row.ArrearsCase, name) if row.ArrearsCase else None


def _reason(row: Any) -> str | None:
    return label(REASONS, row.ArrearsCase.reason) or None if row.ArrearsCase else None


def _money(row: Any) -> Decimal | None:
    return None if row.fen_due is None else Decimal(row.fen_due) / 100


def _page(row: Any) -> str:
    if row.ArrearsCase:
        return url_for("arrears.show", id=row.ArrearsCase.id)
    return url_for("employers.show", employer_id=row.Employer.id)


def _employer(row: Any) -> Employer:
    found: Employer = row.Employer
    return found


COUNTED = rule("standing", "in", [Standing.COUNTED.value])
BEHIND: Tree = {"match": "all", "rules": [COUNTED, rule("months", "ge", "1")]}
GOOD: Tree = {"match": "all", "rules": [COUNTED, rule("months", "eq", "0")]}
APART: Tree = {
    "match": "all",
    "rules": [rule("standing", "in", [one.value for one in Standing if one is not Standing.COUNTED])],
}


MISSING: Tree = {"match": "all", "rules": [rule("missing", "yes")]}


def of_standing(standing: Standing) -> Tree:
    """The criteria of those that are listed apart for one reason."""
    return {"match": "all", "rules": [rule("standing", "in", [standing.value])]}


def of_bucket(bucket: Bucket) -> Tree:
    """The criteria of a bucket's rows."""
    rules = [COUNTED, rule("months", "ge", str(bucket.low))]
    if bucket.high is not None:
        rules.append(rule("months", "le", str(bucket.high)))
    return {"match": "all", "rules": rules}


WORKLIST = ListPage(
    name="arrears",
    title=_l("Arrears worklist"),
    select=standing_on,
    key=Employer.id,
    search=matching,
    search_hint=_l("Name, credit code, account, phone or pinyin"),
    default=BEHIND,
    default_sort="-months",
    template="arrears/index.html",
    fields=(
        Field("months", _l("Months in arrears"), Kind.NUMBER, _months),
        Field(
            "standing", _l("Counted or apart"), Kind.CHOICE, _standing, choices=choices_of(STANDING_LABELS)
        ),
        Field("heads", _l("Contributing employees"), Kind.NUMBER, _heads),
        Field("amount", _l("Estimated amount due"), Kind.MONEY, type_coerce(_fen_due, Money)),
        Field("paid_through", _l("Paid through"), Kind.PERIOD, _paid_through),
        Field("statement", _l("Latest statement"), Kind.PERIOD, _statement),
        Field("missing", _l("Missing from the newest statement"), Kind.BOOL, _missing),
        Field(
            "state", _l("State of the case"), Kind.CHOICE, ArrearsCase.state,
            choices=_STATES,
        ),
        code_field("reason", _l("Why it is late"), REASONS, ArrearsCase.reason),
        Field("promised_for", _l("Promised to pay by"), Kind.DATE, ArrearsCase.promised_for),
        user_field("owner", _l("Owner"), Employer.owner_id),
        branch_field("branch", _l("Branch"), Employer.branch_id),
        Field("area", _l("Area"), Kind.TEXT, Employer.area),
        Field("last_contact_on", _l("Last contact"), Kind.DATE, Employer.last_contact_on),
        code_field(
            "operating_status", _l("Operating status"), "operating_status", Employer.operating_status
        ),
    ),
    columns=(
        Column("name", _l("Employer name"), lambda row: row.Employer.name, sort=Employer.name, link=_page),
        Column("months", _l("Months in arrears"), sort=_months, falling=True, number=True),
        Column(
            "amount", _l("Estimated amount due"), _money, sort=_fen_due, falling=True, number=True,
            format=formats.money,
        ),
        Column("state", _l("State of the case"), badge=_state, sort=ArrearsCase.state),
        Column("reason", _l("Why it is late"), _reason, sort=ArrearsCase.reason),
        Column(
            "promised_for", _l("Promised to pay by"), _of_case("promised_for"), sort=ArrearsCase.promised_for,
        ),
        Column(
            "owner", _l("Owner"), lambda row: row.Employer.owner.name if row.Employer.owner else None,
            sort=_owner_name, options=(name_of(Employer.owner),),
        ),
        Column(
            "last_contact_on", _l("Last contact"), lambda row: row.Employer.last_contact_on,
            sort=Employer.last_contact_on, falling=True,
        ),
        Column("next", _l("Next step"), next_step),
        Column("paid_through", _l("Paid through"), sort=_paid_through, number=True),
        Column("heads", _l("Contributing employees"), sort=_heads, falling=True, number=True, shown=False),
        Column(
            "standing", _l("Counted or apart"), lambda row: STANDING_LABELS[Standing(row.standing)],
            sort=_standing, shown=False,
        ),
        Column(
            "statement", _l("Latest statement"), lambda row: row.period, sort=_statement, number=True,
            shown=False,
        ),
        Column("area", _l("Area"), lambda row: row.Employer.area, sort=Employer.area, shown=False),
        Column(
            "opened_on", _l("In arrears since"), _of_case("opened_on"), sort=ArrearsCase.opened_on,
            shown=False,
        ),
    ),
    quick=(
        Quick("mine", _l("Mine"), (rule("owner", "is_me"),)),
        Quick("unasked", _l("Reason not known"), (rule("state", "in", ["opened"]),)),
        Quick("broken", _l("Promise broken"), (rule("state", "in", ["broken"]),)),
    ),
    more_bulk=actions_on(_employer),
    empty=Empty(
        _l("No statement is imported yet"), _l("Import the monthly statement to see who is behind."),
        _l("Import"), "imports.index", "hourglass-split",
    ),
    export_permission=EmployerPermission.EXPORT,
)  # fmt: skip
