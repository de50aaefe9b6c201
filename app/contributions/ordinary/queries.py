"""Which staged lines are ordinary, what they change, and the notes of it."""

from collections.abc import Mapping
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    Date,
    Select,
    Table,
    and_,
    case,
    exists,
    func,
    literal,
    not_,
    null,
    or_,
    select,
)

from app.contributions.models import ContributionFact
from app.contributions.ordinary.models import EMPLOYERS, ORDINARY, ROLES, STAGED
from app.contributions.policy import day_of, month_of, sources
from app.contributions.queries import CONFIRMED, FACT, UNIT
from app.contributions.representatives import services as representatives
from app.contributions.services import CLAIMED, REGISTERED
from app.core.db import PeriodType
from app.core.importing.spec import Context
from app.core.undoing.sets import Changes, differs, noted_change, noted_creation, notes
from app.employers.models import Contact, ContactRole, Employer, EmployerContact, Stage
from app.employers.policy import in_reach
from app.employers.sources.policy import BY_HAND, FIELDS, FIRST, STATEMENT

FACTS = cast(Table, ContributionFact.__table__)
#: an ordinary line is found by its account number, and says nothing new of the unit: these stay
KEPT = frozenset({"employer_account_no", *UNIT})

#: What nearly every month changes. The others are written only where they differ: some have an index, which
#: an UPDATE would write again for the same value.
MONTHLY = ("statement_period", "arrears_as_of", "paid_through", "monthly_amount", "heads", *CONFIRMED)

Values = Mapping[str, ColumnElement[Any]]


def account_values(context: Context) -> Values:
    """The employer's columns as an ordinary line states and implies them."""
    staged = STAGED.c
    # first what differs in most lines: the database then spares comparing the others
    return {
        "statement_period": literal(month_of(context), PeriodType()),
        "arrears_as_of": literal(context.as_of, Date()),
        "paid_through": staged.paid_through,
        "arrears_months": staged.arrears_months,
        **_confirmed(context),
        **{name: staged[name] for name in CLAIMED if name not in KEPT},
    }


def _confirmed(context: Context) -> Values:
    """Until when statements have named the handler and each number; as `handlers.services.said` has it."""
    staged, day = STAGED.c, literal(day_of(context), Date())
    named = func.coalesce(staged.handler_name, "") != ""
    given = {
        "handler_named_on": named,
        "handler_number_on": named & staged.handler_mobile.is_not(None),
        "handler_landline_on": named & staged.handler_landline.is_not(None),
    }
    return {
        name: case((said & _is_before(EMPLOYERS.c[name], day), day), else_=EMPLOYERS.c[name])
        for name, said in given.items()
    }


def _is_before(column: ColumnElement[Any], day: ColumnElement[Any]) -> ColumnElement[bool]:
    return column.is_(None) | (column < day)


def _changes(context: Context) -> Changes:
    return {EMPLOYERS.c[name]: value for name, value in account_values(context).items()}


def ordinary_lines(context: Context) -> Select[*tuple[Any, ...]]:
    """The staged lines of known employers that say nothing out of the ordinary, in `ORDINARY`'s columns."""
    of_line = STAGED.join(Employer, Employer.uscc == STAGED.c.uscc)
    # the day of reckoning alone is no news: the same file read on another day changes nothing
    news = {column: value for column, value in _changes(context).items() if column.name != "arrears_as_of"}
    first = literal(month_of(context).first_day, Date())
    for name in CONFIRMED:
        kept = EMPLOYERS.c[name]
        news[kept] = case((_is_before(kept, first), news[kept]), else_=kept)
    found = (
        select(
            STAGED.c.number,
            Employer.id,
            Employer.stage,
            (Employer.updated_at == Employer.created_at).label("unedited"),
            differs(news).label("changes"),
            _new_version(month_of(context)).label("version"),
            _told_again(context).label("role_id"),
            case((_moves(), STAGED.c.target), else_=null()).label("target"),
        )
        .select_from(of_line)
        .where(
            in_reach(context.actor),
            Employer.merged_into_id.is_(None),
            Employer.employer_account_no == STAGED.c.employer_account_no,
            *_latest_word(context),
            or_(func.coalesce(STAGED.c.handler_name, "") == "", _handler_stays()),
            or_(~_names_representative(), _representative_stays()),
            *_unit_stays(),
        )
        # nobody edits them between the note of what was and the change
        .with_for_update(of=Employer)
    ).subquery()
    column = found.c
    writes = or_(column.version.is_not(None), column.changes)
    moved = case((writes, column.target), else_=null())
    # that a representative was named again is no change: such a line alone goes the long way
    return select(
        *(column.number, column.id, column.stage, column.unedited, column.changes),
        *(column.version, column.role_id, moved),
    ).where(or_(writes, column.role_id.is_(None)))


def _latest_word(context: Context) -> list[ColumnElement[bool]]:
    """That the line is the latest word on all it states, leaves nothing open, and is weighed against nobody.

    The same is asked of a line by `contributions.services._is_ordinary` and `sources.policy.heard_first`.
    """
    first = FIRST[: FIRST.index(STATEMENT) + 1]
    since = Employer.source_as_of
    return [
        or_(Employer.statement_period.is_(None), Employer.statement_period <= month_of(context)),
        _said_of_others(),
        or_(Employer.registry_as_of.is_not(None), Employer.name == STAGED.c.name),
        or_(since < context.as_of, and_(since == context.as_of, Employer.source.in_(first))),
        *(
            or_(STAGED.c[name].is_not(None), EMPLOYERS.c[name].is_(None))
            for name in CLAIMED
            if name not in KEPT
        ),
    ]


#: which of the employer's fields somebody is remembered for, who is not the newest file of all
_TOLD = {name: Employer.told[name].as_string().is_not(None) for name in FIELDS[STATEMENT]}


def _said_of_others() -> ColumnElement[bool]:
    """That nobody is remembered for what the line states: only for an e-mail address, say, which it lacks.

    A field without a value has nobody to remember, so its entry would have to go.
    """
    states = [
        _TOLD[name] & or_(STAGED.c[name].is_not(None), EMPLOYERS.c[name].is_(None))
        if name in UNIT
        else _TOLD[name]
        for name in FIELDS[STATEMENT]
    ]
    return or_(Employer.told.is_(None), not_(or_(*states)))


def _unit_stays() -> list[ColumnElement[bool]]:
    """That the line says nothing new of the unit."""
    staged = STAGED.c
    told = {name: staged[name].is_not_distinct_from(EMPLOYERS.c[name]) for name in UNIT}
    # of what the registry knows, a line may be silent
    told |= {
        name: told[name] | (staged[name].is_(None) & Employer.registry_as_of.is_not(None))
        for name in REGISTERED
    }
    # it is remembered who said what the line is silent of
    told |= {name: stays | (staged[name].is_(None) & _TOLD[name]) for name, stays in told.items()}
    return [staged.unread.is_not(True), *told.values()]


def _new_version(month: Any) -> ColumnElement[int | None]:
    """The version of the fact that a line makes; none where the fact in force says the same."""
    of_month = and_(FACTS.c.employer_id == Employer.id, FACTS.c.period == literal(month, PeriodType()))
    latest = select(func.max(FACTS.c.version)).where(of_month).correlate(EMPLOYERS).scalar_subquery()
    agrees = [FACTS.c[name].is_not_distinct_from(STAGED.c[name]) for name in FACT]
    same = exists().where(of_month, FACTS.c.version == latest, *agrees).correlate(EMPLOYERS, STAGED)
    return case((same, null()), else_=func.coalesce(latest, 0) + 1)


def _handler_stays() -> ColumnElement[bool]:
    """Whether the employer's newest present handler is the one that the line names."""
    link, staged = EmployerContact, STAGED.c
    newest = (
        select(func.max(link.id))
        .where(link.employer_id == Employer.id, link.role == ContactRole.HANDLER, link.until.is_(None))
        .correlate(EMPLOYERS)
        .scalar_subquery()
    )
    same_mobile = or_(staged.handler_mobile.is_(None), Contact.mobile == staged.handler_mobile)
    same_landline = or_(staged.handler_landline.is_(None), Contact.landline == staged.handler_landline)
    named = select(link.id).join(Contact, Contact.id == link.contact_id)
    same_paper = or_(staged.handler_id_number.is_(None), Contact.id_number_index == staged.handler_id_index)
    named = named.where(link.id == newest, Contact.name == staged.handler_name)
    named = named.where(same_mobile, same_landline, same_paper)
    return named.correlate(EMPLOYERS, STAGED).exists()


def _names_representative() -> ColumnElement[bool]:
    return func.coalesce(STAGED.c[representatives.NAME], "") != ""


def _representative() -> ColumnElement[int]:
    """The newest role of a present legal representative."""
    link = EmployerContact
    query = select(func.max(link.id)).where(
        link.employer_id == Employer.id, link.role == ContactRole.LEGAL_REP, link.until.is_(None)
    )
    return query.correlate(EMPLOYERS).scalar_subquery()


def _representative_stays() -> ColumnElement[bool]:
    """Whether the employer's present legal representative is whom the line names."""
    link, staged = EmployerContact, STAGED.c
    same_paper = or_(
        staged[representatives.NUMBER].is_(None), Contact.id_number_index == staged[representatives.INDEX]
    )
    named = select(link.id).join(Contact, Contact.id == link.contact_id)
    named = named.where(
        link.id == _representative(), Contact.name == staged[representatives.NAME], same_paper
    )
    return named.correlate(EMPLOYERS, STAGED).exists()


def _told_again(context: Context) -> ColumnElement[int | None]:
    """The role of whom the line names, where nobody said so on its day or later; as `representatives` do."""
    older = _is_before(ROLES.c.told_on, literal(representatives.told(context)["told_on"], Date()))
    query = select(ROLES.c.id).where(ROLES.c.id == _representative(), is_told_by_files(), older)
    return case((_names_representative(), query.correlate(EMPLOYERS).scalar_subquery()), else_=null())


def is_told_by_files() -> ColumnElement[bool]:
    """That a role is nobody's word of the department."""
    return func.coalesce(ROLES.c.told_by, "").not_in(BY_HAND)


def roles_held() -> Select[int]:
    """Keeps everybody off the roles that are about to be told again."""
    again = select(ORDINARY.c.role_id).where(ORDINARY.c.role_id.is_not(None))
    return select(ROLES.c.id).where(ROLES.c.id.in_(again)).order_by(ROLES.c.id).with_for_update()


def _moves() -> ColumnElement[bool]:
    """Whether the line proves another stage that can be reached from the employer's."""
    staged = STAGED.c
    reached = [
        and_(staged.target == target, Employer.stage.in_(sorted(sources(target)))) for target in _TARGETS
    ]
    return and_(staged.target != Employer.stage, or_(*reached))


_TARGETS = (
    Stage.REGISTERED,
    Stage.CONTRIBUTING,
    Stage.IN_ARREARS,
    Stage.ON_RELIEF,
    Stage.SEALED,
    Stage.CLOSED,
)

_writes = or_(ORDINARY.c.version.is_not(None), ORDINARY.c.changes)
_line = ORDINARY.join(STAGED, STAGED.c.number == ORDINARY.c.number)


def noted(context: Context) -> Select[*tuple[Any, ...]]:
    """The lines that write, with their notes, for `Remember`. Ask before the employers change."""
    line, stage = ORDINARY.c, EMPLOYERS.c.stage
    changes = _changes(context)
    monthly = {column: value for column, value in changes.items() if column.name in MONTHLY}
    seldom = {column: value for column, value in changes.items() if column.name not in MONTHLY}
    noted_columns = noted_change(EMPLOYERS, line.id, monthly, line.unedited, seldom)
    said = representatives.told(context)
    noted_role = noted_change(
        ROLES,
        line.role_id,
        {ROLES.c[name]: literal(value, ROLES.c[name].type) for name, value in said.items()},
    )
    # the move has a note of its own, as it is made after the columns
    noted_stage = noted_change(EMPLOYERS, line.id, {stage: line.target})
    listed = notes(
        (line.version.is_not(None), noted_creation(FACTS, line.fact_id)),
        (line.changes, noted_columns),
        (line.role_id.is_not(None) & is_told_by_files(), noted_role),
        (line.target.is_not(None), noted_stage),
    )
    return (
        select(line.number, STAGED.c.key, line.id.label("record_id"), listed.label("notes"))
        .select_from(
            _line.join(EMPLOYERS, EMPLOYERS.c.id == line.id).outerjoin(ROLES, ROLES.c.id == line.role_id)
        )
        .where(_writes)
    )


def new_facts(context: Context) -> Select[*tuple[Any, ...]]:
    """The facts that the lines make, in the columns of the table that their names are."""
    line, staged = ORDINARY.c, STAGED.c
    return (
        select(
            line.fact_id.label("id"),
            line.id.label("employer_id"),
            literal(month_of(context), PeriodType()).label("period"),
            line.version,
            *(staged[name] for name in FACT),
            staged.arrears_months,
            literal(context.as_of, Date()).label("as_of"),
            literal(context.batch_id).label("batch_id"),
        )
        .select_from(_line)
        .where(line.version.is_not(None))
    )


def moves() -> Select[*tuple[Any, ...]]:
    """The stages that the lines prove: employer, from, to, and the evidence."""
    line, staged = ORDINARY.c, STAGED.c
    proof = (staged.account_status, staged.paid_through, staged.pay_day, staged.arrears_months)
    return (
        select(line.id, line.stage, line.target, *proof)
        .select_from(_line)
        .where(line.target.is_not(None))
        .order_by(line.number)
    )


def written_employers() -> Select[int]:
    return select(ORDINARY.c.id).where(ORDINARY.c.changes).order_by(ORDINARY.c.id)


def left_lines() -> Select[int]:
    """The numbers of the staged lines that are not ordinary."""
    ordinary = select(ORDINARY.c.number)
    return select(STAGED.c.number).where(STAGED.c.number.not_in(ordinary)).order_by(STAGED.c.number)


def differing(values: Values) -> ColumnElement[bool]:
    """Whether any of these columns changes."""
    return differs({EMPLOYERS.c[name]: value for name, value in values.items()})
