from decimal import Decimal

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import DomainError
from campaigns.channels.sms import text as sms

SIGNED = "【滨海管理部】"


@pytest.mark.parametrize(
    ("length", "segments"),
    [(0, 0), (1, 1), (69, 1), (70, 1), (71, 2), (134, 2), (135, 3), (201, 3), (202, 4), (500, 8)],
)
def test_up_to_70_characters_are_one_segment_and_longer_texts_travel_in_parts_of_67(
    length: int, segments: int
) -> None:
    assert sms.segments("缴" * length) == segments


def test_the_signature_counts() -> None:
    body = "缴" * (70 - len(SIGNED))
    assert sms.segments(sms.complete("滨海管理部", body)) == 1
    assert sms.segments(sms.complete("滨海管理部", body + "费")) == 2


def test_any_character_counts_one_and_an_emoji_two() -> None:
    assert sms.units("aA1缴。") == 5
    assert sms.units("😀") == 2


@given(st.text(max_size=600))
def test_the_parts_hold_the_text_and_not_one_part_less_would(text: str) -> None:
    count, length = sms.segments(text), sms.units(text)
    assert length <= (70 if count == 1 else 67 * count)
    if count > 1:
        assert length > max(70, 67 * (count - 1))


def test_cost_is_rounded_to_fen_once() -> None:
    assert sms.cost(3, Decimal("0.045")) == Decimal("0.14")
    assert sms.cost(20_000, Decimal("0.045")) == Decimal("900.00")


def test_variables_are_filled_in_and_their_values_are_inert() -> None:
    assert sms.render("{a}和{b}", {"a": "{b}", "b": "\\1{a}"}) == "{b}和\\1{a}"
    assert sms.placeholders("{a}{b}{a} {不是} {1}") == ("a", "b")


def test_a_gap_is_refused_by_name(app: Flask) -> None:
    with pytest.raises(DomainError, match="handler"):
        sms.render("{handler}您好", {"handler": ""})


def test_a_text_that_operators_refuse_is_refused_with_every_reason(app: Flask) -> None:
    with pytest.raises(DomainError) as refused:
        sms.check("【部】", "  \x07【通知】" + "长" * 500)
    assert len(refused.value.reasons) == 4
    sms.check("滨海管理部", "您好。\n请按时缴存。")


@pytest.mark.parametrize(
    "reply", ["R", "r", " td ", "T", "N", "退订", "回复R", "回T退订", "“退订”", "TD。", "拒收"]
)
def test_words_that_mean_leaving_are_understood(reply: str) -> None:
    assert sms.is_opt_out(reply)


@pytest.mark.parametrize(
    "reply", ["", "回", "好的", "请问退订怎么办理公积金", "Ross", "收到，明天去办", "No"]
)
def test_other_replies_do_not_opt_out(reply: str) -> None:
    assert not sms.is_opt_out(reply)


def test_publicity_says_how_to_leave_once() -> None:
    assert sms.complete("部门", "活动", opt_out=True) == "【部门】活动拒收请回复R"
    assert sms.complete("部门", "活动。拒收请回复R", opt_out=True).count(sms.OPT_OUT_NOTICE) == 1
