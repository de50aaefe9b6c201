"""Who stands in the ledger, in which order, and the words that say why."""

from datetime import date, timedelta
from itertools import permutations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.accounts.models import Branch, User
from app.core import options
from app.core.clock import today
from app.core.db import db
from app.core.errors import DomainError
from app.core.features import current_features
from app.core.jobs import run_inline
from app.core.permissions import Role, Scope
from app.core.rules.legal import seed_legal_basis
from app.core.workflow.sets import SetMove, transition_many
from app.employers.areas.models import AreaKind
from app.employers.areas.services import add_area
from app.employers.models import Employer, Stage
from app.leads.ledger import queries, services
from app.leads.ledger.jobs import put_in_order
from app.leads.ledger.models import Lead, Left
from app.leads.ledger.policy import BITS, NEW_MONTHS, ORDER, ORDERS, Rank
from app.lifecycle.workflow import LIFECYCLE
from app.settings.services import set_options
from tests.factories import create_branch, create_employer, create_user, sign_in


@pytest.fixture
def branch(app: Flask) -> Branch:
    return create_branch()


def standing(branch: Branch) -> list[str]:
    """The names in the ledger, as its page orders them."""
    reader = create_user(Role.SPECIALIST, branch=branch)
    query = queries.select_leads(reader).order_by(Lead.rank.desc(), Lead.id.desc())
    return [lead.employer.name for lead in db.session.scalars(query)]


def four_firms(branch: Branch) -> None:
    """甲 is new, 乙 has many heads, 丙 stands in a dense area, 丁 is merely younger than 戊."""
    district = add_area("D", "示范区", AreaKind.DISTRICT, None)
    dense = add_area("S1", "大港油田街道", AreaKind.STREET, district)
    house = add_area("B1", "创新大厦", AreaKind.BUILDING, dense)
    old = date(2010, 1, 1)
    for _number in range(3):
        create_employer(branch, stage=Stage.REGISTERED, area_id=dense.id)
    create_employer(branch, name="戊", established_on=old)
    create_employer(branch, name="丁", established_on=old + timedelta(days=1))
    create_employer(branch, name="丙", established_on=old, area_id=house.id)
    create_employer(branch, name="乙", established_on=old, insured_heads=120)
    create_employer(branch, name="甲", established_on=today() - timedelta(days=30))
    list(services.refresh_all())


def test_new_firms_come_first_then_heads_then_dense_areas_then_the_younger(branch: Branch) -> None:
    four_firms(branch)
    assert standing(branch) == ["甲", "乙", "丙", "丁", "戊"]


def test_every_row_says_why_it_stands_where_it_stands(branch: Branch) -> None:
    four_firms(branch)
    options.set_value(options_named("leads.dense_from"), 4)
    firm = create_employer(branch, established_on=today() - timedelta(days=9), insured_heads=120)
    firm.area_id = db.session.scalar(select(Employer.area_id).where(Employer.name == "丙"))
    db.session.flush()
    lead = services_stay(firm)
    # the building's street counts: three registered there, and 丙
    where = "密集区域：大港油田街道（4户目标单位）"
    assert queries.reasons(lead) == ["新成立企业", "参保120人", where, f"成立于{firm.established_on}"]


def options_named(name: str) -> options.Option:
    return current_features().options[name]


def services_stay(employer: Employer) -> Lead:
    found = queries.open_stay(employer.id)
    assert found is not None
    return found


def test_another_order_of_keys_is_a_setting_that_puts_the_ledger_in_order_anew(branch: Branch) -> None:
    four_firms(branch)
    heads_first = ORDERS.index(("heads", "new", "density", "established"))
    db.session.commit()
    with run_inline():
        set_options({ORDER: heads_first})
        db.session.commit()
    assert standing(branch) == ["乙", "甲", "丙", "丁", "戊"]
    lead = db.session.scalars(select(Lead).order_by(Lead.rank.desc())).first()
    assert lead is not None
    assert queries.reasons(lead)[0] == "参保120人"


def test_a_firm_grows_old_overnight(branch: Branch) -> None:
    four_firms(branch)
    options.set_value(NEW_MONTHS, 1)
    db.session.execute(
        Employer.__table__.update()  # type: ignore[attr-defined]
        .where(Employer.name == "甲")
        .values(established_on=today() - timedelta(days=40))
    )
    put_in_order()
    assert standing(branch)[0] == "乙"


@pytest.mark.parametrize("number", range(len(ORDERS)))
def test_a_rank_tells_its_keys_whatever_their_order(number: int) -> None:
    assert set(ORDERS) == set(permutations(BITS))
    values = {key: (1 << bits) - 1 - index for index, (key, bits) in enumerate(BITS.items())}
    rank = 0
    for key in ORDERS[number]:
        rank = rank << BITS[key] | values[key]
    rank = rank << 5 | number
    assert rank < 2**63
    assert dict(Rank.of(rank).keys) == values
    assert tuple(key for key, _value in Rank.of(rank).keys) == ORDERS[number]


def test_a_firm_leaves_for_its_reason_and_comes_back_as_a_new_stay(branch: Branch) -> None:
    firm = create_employer(branch)
    first = services_stay(firm)
    firm.eligible = False
    db.session.flush()
    assert (first.left_on, first.left_why) == (today(), Left.NOT_ELIGIBLE)
    firm.eligible = True
    db.session.flush()
    again = services_stay(firm)
    assert again.id != first.id
    firm.operating_status = "05"
    db.session.flush()
    assert again.left_why is Left.DEREGISTERED


@pytest.mark.parametrize(
    ("stage", "why"),
    [
        (Stage.REGISTERED, Left.REGISTERED),
        (Stage.CONTRIBUTING, Left.REGISTERED),
        (Stage.DISMISSED, Left.DISMISSED),
        (Stage.CLOSED, Left.CLOSED),
    ],
)
def test_the_stage_says_why_a_firm_left(branch: Branch, stage: Stage, why: Left) -> None:
    firm = create_employer(branch, stage=Stage.ENGAGED, account_opened_on=date(2020, 1, 1))
    stay = services_stay(firm)
    firm.stage = stage
    db.session.flush()
    assert stay.left_why is why
    won = why is Left.REGISTERED
    assert (stay.registered_on is not None) is won
    assert (stay.paid_on is not None) is (stage is Stage.CONTRIBUTING)


def test_a_statement_that_moves_many_at_once_takes_them_out_of_the_ledger(branch: Branch) -> None:
    firms = [create_employer(branch) for _number in range(3)]
    moves = [SetMove(firm.id, firm.id, "prospect") for firm in firms]
    transition_many(LIFECYCLE, "statement_registered", moves)
    found = db.session.execute(select(Lead.left_why, Lead.registered_on, Lead.paid_on)).all()
    assert [tuple(row) for row in found] == [(Left.REGISTERED, today(), None)] * 3
    transition_many(LIFECYCLE, "statement_contributing", [m._replace(source="registered") for m in moves])
    assert set(db.session.scalars(select(Lead.paid_on))) == {today()}


def test_nobody_sees_the_ledger_of_another_branch(client: FlaskClient, branch: Branch) -> None:
    create_employer(branch, name="本部单位")
    create_employer(create_branch(), name="别部单位")
    sign_in(client, create_user(Role.SPECIALIST, branch=branch))
    page = client.get("/leads").get_data(as_text=True)
    assert "本部单位" in page
    assert "别部单位" not in page
    bank = create_user(Role.BANK_PARTNER, branch=branch)
    sign_in(client, bank)
    assert client.get("/leads").status_code == 403


def test_the_clock_of_registration_counts_from_establishment(client: FlaskClient, branch: Branch) -> None:
    seed_legal_basis()
    create_employer(branch, name="刚成立", established_on=today() - timedelta(days=20))
    create_employer(branch, name="过期单位", established_on=today() - timedelta(days=31))
    create_employer(branch, name="不知道")
    sign_in(client, create_user(Role.SPECIALIST, branch=branch))
    page = client.get("/leads").get_data(as_text=True)
    assert "还有 10 天" in page
    assert "第十四条第一款" in page
    overdue = client.get("/leads?registration_overdue.yes=").get_data(as_text=True)
    assert ("过期单位" in overdue, "刚成立" in overdue, "不知道" in overdue) == (True, False, False)
    due = today() + timedelta(days=10)
    found = client.get(f"/leads?registration_due.eq={due}").get_data(as_text=True)
    assert ("刚成立" in found, "过期单位" in found, "不知道" in found) == (True, False, False)
    assert client.get("/leads?sort=registration_due").status_code == 200


def test_a_setting_holds_from_its_day_on_and_may_be_taken_back_before(client: FlaskClient) -> None:
    admin = create_user(Role.SYSTEM_ADMIN, scope=Scope.ALL)
    sign_in(client, admin)
    later = today() + timedelta(days=30)
    form = {name.replace(".", "-"): str(option.value()) for name, option in all_options().items()}
    answer = client.post("/settings/options", data=form | {"leads-new_months": "6", "valid_from": str(later)})
    assert answer.status_code == 303
    options.forget_values()
    assert (NEW_MONTHS.value(), NEW_MONTHS.value(later)) == (12, 6)
    assert "6 个月" in client.get("/settings/options").get_data(as_text=True)
    sign_in(client, create_user(Role.MANAGER))
    address = f"/settings/options/leads.new_months/{later}/take-back"
    assert client.post(address).status_code == 403
    sign_in(client, admin)
    assert client.post(address).status_code == 303
    options.forget_values()
    assert NEW_MONTHS.value(later) == 12
    with pytest.raises(DomainError):
        options.set_value(NEW_MONTHS, 3, today() - timedelta(days=1))


def all_options() -> dict[str, options.Option]:
    return current_features().options


def test_an_unknown_reader_sees_every_lead(branch: Branch) -> None:
    create_employer(branch)
    assert len(db.session.scalars(queries.select_leads(None)).all()) == 1
    assert isinstance(create_user(branch=branch), User)
