"""What a text may say, and how its variables are written."""

from datetime import date
from decimal import Decimal

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from app.core.db import db
from app.core.errors import DomainError
from app.core.periods import Period
from app.core.sql_functions import random_token
from campaigns.channels.sms import text as sms
from campaigns.drafting.content.models import VARIABLES, Facts
from campaigns.drafting.content.policy import (
    TOKEN_LENGTH,
    check,
    missing,
    notice_link,
    objections,
    values,
)
from campaigns.drafting.models import Campaign, MessageClass

FACTS = Facts(
    employer="滨海甲公司",
    handler="张三",
    department="滨海管理部",
    phone="12329",
    specialist="李四",
    months=3,
    paid_through=Period(2022, 6),
    heads=20,
    monthly_amount=Decimal("1234.50"),
    deadline=date(2022, 10, 31),
)


def campaign(text: str, kind: MessageClass = MessageClass.SERVICE, deadline: date | None = None) -> Campaign:
    return Campaign(
        name="测试", template_text=text, signature="滨海管理部", message_class=kind, deadline=deadline
    )


def reasons(drafted: Campaign) -> str:
    return " ".join(str(reason) for reason in objections(drafted, on=date(2022, 10, 1)))


@pytest.mark.databases("sqlite")
def test_values_are_written_as_people_read_them(app: Flask) -> None:
    written = values(VARIABLES, [FACTS])
    assert written == {
        "employer": "滨海甲公司",
        "handler": "张三",
        "months": "3",
        "paid_through": "2022年6月",
        "amount": "3703.50元",
        "heads": "20",
        "deadline": "2022年10月31日",
        "specialist": "李四",
        "department": "滨海管理部",
        "phone": "12329",
    }


def test_a_message_for_several_employers_takes_the_worst_month_and_the_sum(app: Flask) -> None:
    other = Facts("乙公司", "张三", "滨海管理部", "12329", None, 5, Period(2022, 4), 10, Decimal("100"))
    written = values(("employer", "months", "paid_through", "amount", "heads"), [FACTS, other])
    assert written == {
        "employer": "滨海甲公司等2家单位",
        "months": "5",
        "paid_through": "2022年4月",
        "amount": "4203.50元",
        "heads": "30",
    }


@pytest.mark.databases("sqlite")
def test_a_value_nobody_knows_is_missing_rather_than_blank(app: Flask) -> None:
    unknown = Facts("丙公司", "张三", "滨海管理部", "12329")
    used = ("employer", "paid_through", "amount", "link")
    assert missing(used, values(used, [unknown])) == ["paid_through", "amount"]


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("您好{unknown}", "{unknown}"),
        ("您好{employer", "{employer}"),
        ("您好}", "{employer}"),
        ("【别的签名】您好", "【"),
        ("   ", "empty"),
        ("字" * 501, "500"),
        ("请于{deadline}前办理", "{deadline}"),
        ("您好\x07", "cannot be sent"),
    ],
)
def test_a_text_that_could_not_be_sent_is_refused_with_its_reason(app: Flask, text: str, said: str) -> None:
    with app.test_request_context(headers={"Cookie": "language=en"}):
        assert said in reasons(campaign(text))
        with pytest.raises(DomainError):
            check(campaign(text))


@pytest.mark.databases("sqlite")
def test_a_greeting_may_carry_neither_debts_nor_links(app: Flask) -> None:
    with app.test_request_context():
        said = reasons(campaign("节日快乐！贵单位欠缴{months}个月{link}", MessageClass.GREETING))
    assert "months" in said
    assert len(objections(campaign("节日快乐！欠{months}月{link}", MessageClass.GREETING))) == 2


@pytest.mark.databases("sqlite")
def test_a_deadline_in_the_past_is_refused(app: Flask) -> None:
    drafted = campaign("请于{deadline}前办理", deadline=date(2022, 9, 30))
    assert len(objections(drafted, on=date(2022, 10, 1))) == 1
    assert objections(drafted, on=date(2022, 9, 30)) == []


def test_links_cannot_be_guessed_have_one_length_and_no_end_that_phones_leave_off(app: Flask) -> None:
    drawn = select(*(random_token().label(f"token_{number}") for number in range(100)))
    tokens = set(db.session.execute(drawn).one())
    assert len(tokens) == 100
    assert {len(token) for token in tokens} == {TOKEN_LENGTH}
    assert "".join(tokens).isalnum()
    assert len({len(notice_link(token)) for token in tokens}) == 1


words = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=40)


@pytest.mark.databases("sqlite")
@given(employer=words, handler=words)
def test_a_value_is_inert_whatever_it_holds(employer: str, handler: str) -> None:
    facts = Facts(employer, handler, "管理部", "12329")
    written = values(("employer", "handler"), [facts])
    if missing(("employer", "handler"), written):
        return
    text = sms.render("甲{employer}乙{handler}丙", written)
    assert text == f"甲{written['employer']}乙{written['handler']}丙"
    assert "【" not in text
    assert "】" not in text
    assert "\n" not in text


@pytest.mark.databases("sqlite")
@given(
    months=st.integers(1, 600),
    amount=st.decimals(0, 10**9, places=2),
    period=st.integers(1990 * 12, 2099 * 12),
)
def test_numbers_months_and_money_always_read_the_same_way(months: int, amount: Decimal, period: int) -> None:
    month = Period(period // 12, period % 12 + 1)
    written = values(
        ("months", "amount", "paid_through"),
        [Facts("甲", "张", "部", "1", months=months, monthly_amount=amount, paid_through=month)],
    )
    assert written["months"] == str(months)
    assert written["amount"] == f"{amount * months:.2f}元"
    assert written["paid_through"] == f"{month.year}年{month.month}月"
