"""Departments of any size, made up: what the benches of size measure in. The same number makes the same.

Employers, their handlers and what finds them are made in Python by columns; months, story, visits, tasks and
the ledger follow from them in one statement each. Indexes that are no constraint are built at the end.
"""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from flask import Flask
from sqlalchemy import Select, Table, cast, insert, literal, select, text

from app.accounts.models import Branch, User, UserRole
from app.contributions.models import ContributionFact
from app.core.bulk import Columns, insert_columns
from app.core.db import db, is_postgresql, writing
from app.core.language.text import name_key
from app.core.periods import Period
from app.core.permissions import Role, Scope
from app.core.timeline import TimelineEntry
from app.employers.models import AccountStatus, Contact, ContactRole, Employer, EmployerContact, Stage
from app.employers.search.models import SearchDocument
from app.employers.search.services import index_new, prepared
from app.leads.ledger.models import AreaDensity, Lead
from app.leads.ledger.queries import rank_of
from app.outreach.models import Outcome, Visit, VisitKind
from app.tasks.models import Task

CHUNK = 5000
MONTHS = (Period(2022, 8), Period(2022, 9), Period(2022, 10))
PLACES = (
    "滨海", "塘沽", "汉沽", "大港", "临港", "东疆", "中新", "空港", "南港", "北塘", "胡家园", "杭州道",
    "新河", "大沽",
)  # fmt: skip
BRANDS = "恒润达丰安诺博远康泰新航明和创业路海兴昌盛华源利通宏图金鼎瑞祥天成永信"
TRADES = (
    "科技", "机械设备", "石油工程技术服务", "建筑安装", "环保工程", "物流", "食品", "餐饮管理", "劳务服务",
    "国际贸易",
)  # fmt: skip
FORMS = ("有限公司", "有限公司", "有限公司", "有限责任公司", "股份有限公司")
SURNAMES, GIVEN = "王李张刘陈杨黄赵周吴徐孙马朱胡郭何林高罗", "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平"
STAGES = (Stage.CONTRIBUTING,) * 5 + (
    Stage.IN_ARREARS,
    Stage.PROSPECT,
    Stage.PROSPECT,
    Stage.REGISTERED,
    Stage.SEALED,
)
_Place = tuple[int, int]
FIRST_DAY, MOMENT = date(2022, 10, 31), datetime(2022, 10, 31, 8, tzinfo=UTC)
#: one in so many has had a visit, and one has an open task
VISITED, TO_DO = 5, 10
#: however large the department, a small branch has so many employers, and one of its people has them all
FEW = 300
#: who sees the small branch, and who sees his own alone
OF_FEW = {"few": Scope.BRANCH, "own": Scope.OWN}
#: rows by the million go in here, and their indexes are built once they stand
FILLED = (
    Employer, Contact, EmployerContact, SearchDocument, ContributionFact, TimelineEntry, Visit, Task, Lead,
)  # fmt: skip


def fill(app: Flask, number: int) -> None:
    """Adds so many employers with a handler, three months, story, visits, tasks and a stay in the ledger."""
    with app.app_context(), writing():
        _hasten()
        draw = random.Random(number)
        first = db.session.scalar(text("SELECT coalesce(max(id), 0) + 1 FROM employers")) or 1
        with _indexes_later():
            open_small_branch()
            places = _places()
            for start in range(first, first + number, CHUNK):
                _add(range(start, min(start + CHUNK, first + number)), places, number // FEW, draw)
                db.session.commit()
            for model, columns, query in _what_follows(first):
                columns = columns | {"employer_id": Employer.id}
                chosen = query.with_only_columns(*columns.values())
                db.session.execute(insert(model).from_select(list(columns), chosen))
                db.session.commit()
        _settle()
        # the connections that were hastened
        db.session.remove()
        db.engine.dispose()


def open_small_branch() -> None:
    """Adds the small branch with its people, who sign in as all others do."""
    manager = db.session.scalars(select(User).where(User.username == "manager")).unique().one()
    branch = Branch(code="03", name="小服务部", parent_id=manager.branch.parent_id, path="")
    db.session.add(branch)
    db.session.flush()
    branch.path = f"{manager.branch.path.rsplit('/', 2)[0]}/{branch.id}/"
    shared = {"password_hash": manager.password_hash, "password_changed_at": manager.password_changed_at}
    for name, scope in OF_FEW.items():
        roles = [UserRole(role=Role.SPECIALIST)]
        user = User(username=name, name=name, branch=branch, scope=scope, roles=roles, session_stamp=name)
        for attribute, value in shared.items():
            setattr(user, attribute, value)
        db.session.add(user)
    db.session.flush()


def _hasten() -> None:
    """What is made here is made again if the machine stops."""
    if is_postgresql():
        for setting in ("session_replication_role = replica", "maintenance_work_mem = '1GB'"):
            db.session.execute(text(f"SET {setting}"))
    else:
        db.session.execute(text("PRAGMA cache_size = -500000"))


@contextmanager
def _indexes_later() -> Iterator[None]:
    """Drops the indexes of the filled tables that are no constraint, and makes them again at the end."""
    query = "SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    if is_postgresql():
        query = "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema()"
    tables = {model.__tablename__ for model in FILLED}
    dropped = [
        (name, sql)
        for table, name, sql in db.session.execute(text(query))
        if table in tables and "UNIQUE" not in sql.upper()
    ]
    for name, _sql in dropped:
        db.session.execute(text(f"DROP INDEX {name}"))
    yield
    for _name, sql in dropped:
        db.session.connection().exec_driver_sql(sql)
        db.session.commit()


def _places() -> list[_Place]:
    """Each branch below the first with each of its people, last who owns all of the small branch."""
    query = select(User.branch_id, User.id).join(Branch, Branch.id == User.branch_id)
    drawn = query.where(Branch.parent_id.is_not(None), User.username != "few").order_by(User.id)
    found = db.session.execute(drawn).all()
    return [(branch, user) for branch, user in found]


def _whose(ids: range, places: list[_Place], step: int, draw: random.Random) -> tuple[list[int], list[int]]:
    """Branches and owners; one employer in `step` goes to the small branch, the last of the places."""
    *others, small = places
    drawn = zip(ids, _of(others, ids, draw), strict=True)
    chosen = [small if id_ % step == 0 else place for id_, place in drawn]
    return [branch for branch, _user in chosen], [user for _branch, user in chosen]


def _add(ids: range, places: list[_Place], step: int, draw: random.Random) -> None:
    offices = _offices(ids, draw)
    offices["branch_id"], offices["owner_id"] = _whose(ids, places, step, draw)
    _insert(Employer, offices)
    names = [a + b for a, b in zip(_of(SURNAMES, ids, draw), _of(GIVEN, ids, draw), strict=True)]
    mobiles = [f"139{id_ % 100_000_000:08d}" for id_ in ids]
    _insert(Contact, {"id": ids, "name": names, "mobile": mobiles})
    same = [ContactRole.HANDLER] * len(ids)
    _insert(EmployerContact, {"employer_id": ids, "contact_id": ids, "role": same})
    told = [offices[name] for name in ("name", "uscc", "employer_account_no")]
    rows = zip(ids, *told, names, mobiles, strict=True)
    index_new({id_: prepared(*texts) for id_, *texts in rows})


def _of(values: Any, ids: range, draw: random.Random) -> list[Any]:
    return draw.choices(values, k=len(ids))


def _offices(ids: range, draw: random.Random) -> Columns:
    stages = _of(STAGES, ids, draw)
    opened = [stage is not Stage.PROSPECT for stage in stages]
    behind = [draw.randint(1, 14) if stage is Stage.IN_ARREARS else 0 for stage in stages]
    brands = [_of(BRANDS, ids, draw), _of(BRANDS, ids, draw)]
    parts = [_of(PLACES, ids, draw), *brands, _of(TRADES, ids, draw), _of(FORMS, ids, draw)]
    names = list(map("".join, zip(*parts, strict=True)))
    days = [FIRST_DAY - timedelta(days=n) for n in range(6000)]

    def if_opened(values: Any) -> list[Any]:
        return [value if has else None for value, has in zip(values, opened, strict=True)]

    def always(value: Any) -> list[Any]:
        return [value] * len(ids)

    return {
        "id": ids,
        "name": names,
        "name_key": list(map(name_key, names)),
        "uscc": [f"91000000MA{id_:08d}" for id_ in ids],
        "employer_account_no": if_opened(f"99{id_:010d}" for id_ in ids),
        "stage": stages,
        "stage_since": always(MOMENT),
        "heads": if_opened(min(18_000, int(draw.paretovariate(0.9))) for _ in ids),
        "insured_heads": [min(18_000, int(draw.paretovariate(0.9))) for _ in ids],
        "monthly_amount": if_opened(map(Decimal, _of(range(1_000, 500_000, 10), ids, draw))),
        "paid_through": if_opened(MONTHS[-1] + -months for months in behind),
        "pay_day": if_opened(always(15)),
        "account_status": if_opened(always(AccountStatus.NORMAL)),
        "account_opened_on": if_opened(_of(days[:4000], ids, draw)),
        "arrears_months": behind,
        "arrears_as_of": if_opened(always(FIRST_DAY)),
        "statement_period": if_opened(always(MONTHS[-1])),
        "established_on": _of(days, ids, draw),
        "address": [f"{name[:2]}街道{id_ % 999}号" for name, id_ in zip(names, ids, strict=True)],
        "last_contact_on": _of(days[:900] + [None] * 900, ids, draw),
    }


def _insert(model: type[Any], columns: Columns) -> None:
    table = model.__table__
    assert isinstance(table, Table)
    insert_columns(table, columns)


_Following = tuple[type[Any], dict[str, Any], Select[Any]]


def _what_follows(first: int) -> Iterator[_Following]:
    """Tables whose rows follow from the employers from this id on: the columns, and from which employers."""
    all_of_them = select(Employer.id).where(Employer.id >= first)
    opened = all_of_them.where(Employer.account_status.is_not(None))
    taken = ("account_status", "heads", "monthly_amount", "paid_through", "arrears_months")
    facts = {name: getattr(Employer, name) for name in taken}
    for period in MONTHS:
        month = _fixed(ContributionFact, period=period, as_of=period.last_day)
        yield ContributionFact, facts | month, opened
        at = MOMENT + timedelta(days=period - MONTHS[0])
        said = _fixed(TimelineEntry, kind="statement", summary="Statement recorded", at=at)
        yield TimelineEntry, said, opened
    visit = _fixed(Visit, kind=VisitKind.VISIT, at=MOMENT, outcome=Outcome.INFORMED, summary="讲解了网上缴存")
    yield Visit, visit | {"by_id": Employer.owner_id}, all_of_them.where(Employer.id % VISITED == 0)
    task = _fixed(Task, kind="next_step", title="电话回访", due_on=date(2026, 12, 1))
    whose = {"owner_id": Employer.owner_id, "branch_id": Employer.branch_id}
    yield Task, task | whose, all_of_them.where(Employer.id % TO_DO == 0)
    # every employer, whatever its stage, so that the ledger is as large as the department
    lead = _fixed(Lead, found_by="registry", found_on=FIRST_DAY)
    order = cast(rank_of(), Lead.rank.type)
    standing = {"branch_id": Employer.branch_id, "rank": order, "claimed_on": literal(FIRST_DAY)}
    density = AreaDensity.area_id == Employer.area_id
    yield Lead, lead | standing, all_of_them.outerjoin(AreaDensity, density)


def _fixed(model: type[Any], **values: Any) -> dict[str, Any]:
    """The same value in every row, as a column of its type."""
    return {name: literal(value, getattr(model, name).type) for name, value in values.items()}


def _settle() -> None:
    """What a database does by itself over night: statistics, and on PostgreSQL what autovacuum does, and the
    ids that were given."""
    if is_postgresql():
        for name in ("employers", "contacts"):
            db.session.execute(text(f"SELECT setval('{name}_id_seq', (SELECT max(id) FROM {name}))"))  # noqa: S608
        db.session.commit()
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM (ANALYZE)" if is_postgresql() else "ANALYZE"))
