"""Who answers for the unpaid months of employers that were merged or divided."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.accounts.models import User
from app.contributions.models import ContributionFact
from app.core.clock import today
from app.core.db import db
from app.core.errors import Conflict, DomainError
from app.core.periods import Period
from app.core.permissions import Role
from app.core.workflow.engine import option
from app.employers.identity.models import EmployerRelation, RelationKind
from app.employers.identity.services import Term, relate
from app.employers.models import AccountStatus, Employer, Stage
from app.lifecycle.liability import queries, services
from app.lifecycle.liability.models import Liability
from app.lifecycle.workflow import LIFECYCLE
from app.relief.models import ReliefDecision, ReliefInstalment, ReliefKind, ReliefPlan, ReliefState
from tests.factories import create_branch, create_employer, create_user, sign_in

WHOLE, HALF = Decimal(1), Decimal("0.5")


@pytest.fixture
def chen(app: Flask) -> User:
    return create_user(Role.SPECIALIST, branch=create_branch())


def employer(chen: User, name: str, **fields: object) -> Employer:
    return create_employer(chen.branch, name=name, owner_id=chen.id, **{"stage": Stage.CLOSING, **fields})


def related(kind: RelationKind, subject: Employer, other: Employer) -> None:
    db.session.add(EmployerRelation(kind=kind, subject_id=subject.id, object_id=other.id))
    db.session.flush()


def blocked(one: Employer, chen: User) -> str:
    return " ".join(option(LIFECYCLE, one, "close", chen).reasons)


def test_the_debtor_may_close_once_a_successor_answers_and_the_successor_once_it_has_paid(chen: User) -> None:
    old, heir = employer(chen, "被合并甲公司", arrears_months=3), employer(chen, "存续乙公司")
    with pytest.raises(DomainError):  # no merger on record
        services.agree(old, heir.id, WHOLE, today(), "承接确认书", chen)
    related(RelationKind.MERGER, old, heir)
    assert [one.id for one in queries.successors(old, chen)] == [heir.id]
    assert "欠缴" in blocked(old, chen) or "3" in blocked(old, chen)
    before = len(option(LIFECYCLE, old, "close", chen).reasons)
    made = services.agree(old, heir.id, WHOLE, today(), "承接确认书", chen)
    assert len(option(LIFECYCLE, old, "close", chen).reasons) == before - 1
    assert "尚未补缴" in blocked(heir, chen)
    with pytest.raises(Conflict):
        services.agree(old, heir.id, WHOLE, today(), "再次", chen)
    services.settle_share(made, today(), "补缴书12号", chen)
    assert "尚未补缴" not in blocked(heir, chen)
    with pytest.raises(DomainError):
        services.remove(made, chen)


def test_in_a_division_shares_never_exceed_the_whole_and_only_the_whole_frees_the_debtor(chen: User) -> None:
    old, one = employer(chen, "分立前丙公司", arrears_months=2), employer(chen, "新设丁公司")
    related(RelationKind.DIVISION, one, old)
    assert {each.id for each in queries.successors(old, chen)} == {old.id, one.id}
    for share in (Decimal(0), Decimal("-0.1"), Decimal("1.01")):
        with pytest.raises(DomainError):
            services.agree(old, one.id, share, today(), "协议", chen)
    first = services.agree(old, one.id, HALF, today(), "协议", chen)
    reasons = len(option(LIFECYCLE, old, "close", chen).reasons)
    with pytest.raises(DomainError):
        services.agree(old, old.id, Decimal("0.51"), today(), "协议", chen)
    services.agree(old, old.id, HALF, today(), "协议", chen)
    assert queries.agreed_share(old.id) == WHOLE
    assert len(option(LIFECYCLE, old, "close", chen).reasons) == reasons - 1
    services.remove(first, chen)
    assert queries.agreed_share(old.id) == HALF


def test_the_page_records_and_another_branch_sees_nothing(client: FlaskClient, chen: User) -> None:
    old, heir = employer(chen, "被合并甲公司", arrears_months=3), employer(chen, "存续乙公司")
    related(RelationKind.MERGER, old, heir)
    stranger, bank = create_user(Role.SPECIALIST, branch=create_branch()), create_user(Role.BANK_PARTNER)
    db.session.commit()
    sign_in(client, chen)
    path = f"/liability/{old.id}"
    assert "尚未登记承接单位" in client.get(path).get_data(as_text=True)
    form = {"successor_id": heir.id, "percent": "100", "on": today().isoformat(), "proof": "承接确认书"}
    assert client.post(path, data={**form, "percent": "101"}).status_code == 422
    assert client.post(path, data=form).status_code == 303
    (made,) = queries.of_employer(heir.id, chen)
    assert "承接确认书" in client.get(f"/liability/{heir.id}").get_data(as_text=True)
    paid = {"on": today().isoformat(), "proof": "补缴书"}
    assert client.post(f"/liability/shares/{made.id}/paid", data=paid).status_code == 303
    sign_in(client, stranger)
    assert client.get(path).status_code == 404
    sign_in(client, bank)
    assert client.get(path).status_code == 403


def test_after_either_merger_one_answers_for_all_and_statements_say_whether_it_was_paid(chen: User) -> None:
    known = {
        "arrears_months": 2, "paid_through": Period(2026, 6), "account_status": AccountStatus.NORMAL,
        "arrears_as_of": today() - timedelta(days=9), "statement_period": Period(2026, 10),
    }  # fmt: skip
    old, other = (employer(chen, name, **known) for name in ("合并前甲公司", "合并前乙公司"))
    # July and August are deferred and made up by a plan, September and October are due
    fact = ContributionFact(
        employer_id=old.id, period=Period(2026, 10), account_status=AccountStatus.NORMAL, heads=1, pay_day=10,
        paid_through=Period(2026, 6), as_of=date(2026, 10, 31),
    )  # fmt: skip
    plan = ReliefPlan(agreed_on=date(2026, 9, 1))
    plan.instalments = [ReliefInstalment(month=Period(2026, 12), amount=WHOLE, through=Period(2026, 8))]
    deferred = ReliefDecision(
        employer=old, kind=ReliefKind.DEFERMENT, from_month=Period(2026, 7), to_month=Period(2026, 8),
        state=ReliefState.RESUMED, plans=[plan],
    )  # fmt: skip
    db.session.add_all([fact, deferred])
    formed, third = employer(chen, "新设丙公司"), employer(chen, "另一丁公司")
    term = Term(proof="新设合并协议")
    for one in (old, other):
        relate(RelationKind.CONSOLIDATION, one, formed, term, chen)
    for subject, successor in ((old, third), (third, old)):  # it is dissolved
        with pytest.raises(DomainError):
            relate(RelationKind.MERGER, subject, successor, term, chen)
    assert [one.id for one in queries.successors(old, chen)] == [formed.id]
    with pytest.raises(DomainError):  # after a merger there are no shares
        services.agree(old, formed.id, HALF, today(), "承接确认书", chen)
    made = services.agree(old, formed.id, WHOLE, today() - timedelta(days=20), "承接确认书", chen)
    assert made.through == Period(2026, 10)
    with pytest.raises(DomainError):  # the statement since shows it unpaid
        services.settle_share(made, today() - timedelta(days=10), "补缴书", chen)
    services.settle_share(made, today(), "补缴书", chen)
    assert told(made) == (True, False, False, 0)
    old.arrears_as_of = today()  # a statement drawn up since says otherwise
    assert told(made) == (False, False, True, 1)
    old.paid_through = Period(2026, 10)
    assert told(made) == (True, True, False, 0)
    with pytest.raises(Conflict):
        services.settle_share(made, today(), "再次", chen)


def told(made: Liability) -> tuple[bool, bool, bool, int]:
    """Paid, shown by the statement, contradicted by it; and how many its successor has not paid."""
    return made.paid, made.shown, made.contradicted, queries.unsettled(made.successor_id)
