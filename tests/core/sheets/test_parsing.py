"""Cells to values: every form that offices write is understood, everything else has a reason."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import uscc as standard

from app.core.periods import Period
from app.core.rules.identifiers import credit_code, landline, mobile
from app.core.sheets.cells import REASONS, Cell, CellError, is_empty
from app.core.sheets.parsing import account_number, code, day, find_period, money, period, rate, text, whole

GOOD_CODE = "911200001030663879"
ALPHABET = standard._alphabet


def reason(parse: Callable[[Cell], Any], cell: Cell) -> str:
    with pytest.raises(CellError) as caught:
        parse(cell)
    assert str(REASONS[caught.value.code]) % caught.value.params
    return caught.value.code


def test_what_means_nothing_is_empty() -> None:
    assert all(is_empty(cell) for cell in (None, "", "  ", "N/A", "-", "——", "无"))
    assert not any(is_empty(cell) for cell in (0, 0.0, "0", "无锡", False))


def test_text_is_one_trimmed_line_within_its_limit() -> None:
    assert text()("  天津　测试\n公司 ") == "天津 测试 公司"
    assert text(narrow=True)("天津（ＡＢＣ）１２") == "天津(ABC)12"
    assert text()(12.0) == "12"
    assert reason(text(3), "四个字符") == "too_long"


@pytest.mark.parametrize(
    "written", [GOOD_CODE, " 9112 0000 1030 6638 79 ", "９１１２００００１０３０６６３８７９"]
)
def test_a_credit_code_is_brought_to_its_written_form(written: str) -> None:
    assert credit_code(written) == GOOD_CODE


def test_a_lower_case_credit_code_is_understood() -> None:
    assert credit_code("91120116764315109p") == "91120116764315109P"


def test_a_credit_code_may_begin_with_letters() -> None:
    body = "N2120000MF123456" + "7"
    assert credit_code(body + standard.calc_check_digit(body)) == body + standard.calc_check_digit(body)


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("911200001030663878", "wrong_check_digit"),
        ("91120000103066387", "wrong_length"),
        ("  ", "empty"),
        ("9112000010306638O9", "wrong_characters"),
        ("91120x001030663879", "wrong_characters"),
        (911200001030663879, "wrong_check_digit"),
    ],
)
def test_a_wrong_credit_code_says_what_is_wrong(written: Cell, why: str) -> None:
    if isinstance(written, int):
        written += 1
    assert reason(credit_code, written) == why


@given(st.text("0123456789", min_size=8, max_size=8), st.text(ALPHABET, min_size=10, max_size=10))
def test_the_check_digit_agrees_with_python_stdnum(front: str, back: str) -> None:
    number = front + back
    try:
        ours: str | None = credit_code(number)
    except CellError:
        ours = None
    assert ours == (number if standard.is_valid(number) else None)
    right = number[:17] + standard.calc_check_digit(number)
    assert credit_code(right.lower()) == right


DATE_FORMS = ["{:%Y-%m-%d}", "{0.year}/{0.month}/{0.day}", "{0.year}.{0.month}.{0.day}", "{:%Y%m%d}"]


@given(st.dates(date(1949, 10, 1), date(2022, 12, 31)))
def test_every_written_form_of_a_day_is_that_day(value: date) -> None:
    parse = day()
    for form in DATE_FORMS:
        assert parse(form.format(value)) == value
    assert parse(f"{value.year}年{value.month}月{value.day}日") == value
    assert parse(f"{value.year} 年 {value.month:02d} 月 {value.day} 号") == value
    assert parse((value - date(1899, 12, 30)).days) == value
    assert parse(datetime(value.year, value.month, value.day, 13)) == value  # noqa: DTZ001


@pytest.mark.parametrize(
    "written", ["2022-13-01", "2022-02-30", "昨天", "20229", 0, -5, 1e9, "2022-09", float("nan")]
)
def test_what_is_no_day_is_refused(written: Cell) -> None:
    assert reason(day(), written) == "not_a_date"


@given(st.text(max_size=20))
def test_a_date_parser_gives_a_date_or_a_reason_for_any_text(written: str) -> None:
    try:
        assert isinstance(day(future=True)(written), date)
    except CellError as error:
        assert error.code in REASONS


@time_machine.travel("2022-09-30T17:00:00Z")
def test_the_future_begins_tomorrow_in_shanghai() -> None:
    assert day()("2022-10-01") == date(2022, 10, 1)
    assert reason(day(), date(2022, 10, 1) + timedelta(days=1)) == "future_date"
    assert day(future=True)("2030-01-01") == date(2030, 1, 1)
    assert period()("202210") == Period(2022, 10)
    assert reason(period(), "202211") == "future_month"
    assert period(ahead=12)("202310") == Period(2023, 10)
    assert reason(period(ahead=12), "202311") == "future_month"
    assert reason(period(ahead=12), "209901") == "future_month"


def test_a_date_before_the_earliest_is_refused() -> None:
    assert reason(day(earliest=date(1949, 10, 1)), "1899-12-31") == "date_too_early"


@pytest.mark.parametrize(
    "written", ["202209", 202209, "2022-09", "2022/9", "2022年9月", "2022年 9 月份", "2022-09-15"]
)
def test_a_month_is_read_in_every_form(written: Cell) -> None:
    assert period()(written) == Period(2022, 9)


@pytest.mark.parametrize("written", ["202213", "九月", "", "2022", 20.5])
def test_what_is_no_month_is_refused(written: Cell) -> None:
    assert reason(period(), written) == "not_a_month"


def test_a_month_is_found_in_a_title_or_a_file_name() -> None:
    assert find_period("2022年9月单位缴存情况统计表") == Period(2022, 9)
    assert find_period("统计表", "contributions_2022-08.xlsx") == Period(2022, 8)
    assert find_period("statement202207.csv") == Period(2022, 7)
    assert find_period("20220915", "第12号", "共2022户", "2022年度") is None


@pytest.mark.parametrize(("written", "value"), [(0, 0), ("12", 12), ("1,234", 1234), (9.0, 9), ("１２", 12)])
def test_whole_numbers(written: Cell, value: int) -> None:
    assert whole()(written) == value


@pytest.mark.parametrize(
    ("written", "why"),
    [(-1, "negative"), ("-3", "negative"), (2.5, "not_whole"), ("十", "not_a_number"), (10**9, "too_large")],
)
def test_heads_that_cannot_be_are_refused(written: Cell, why: str) -> None:
    assert reason(whole(), written) == why


def test_a_day_of_the_month_has_bounds_of_its_own() -> None:
    assert whole(1, 31)("15") == 15
    assert reason(whole(1, 31), 0) == "too_small"
    assert reason(whole(1, 31), 32) == "too_large"


@given(st.decimals(0, 10**10, places=2, allow_nan=False, allow_infinity=False))
def test_every_written_form_of_an_amount_is_that_amount(value: Decimal) -> None:
    parse = money()
    for written in (f"{value}", f"{value:,}", f"¥{value:,}元", f" ￥ {value} ", f"人民币{value}元整"):
        assert parse(written) == value
    assert parse(float(value)) == value


@given(st.one_of(st.text(max_size=12), st.floats(), st.integers()))
def test_an_amount_is_a_fen_value_or_a_reason_for_anything(cell: Cell) -> None:
    try:
        value = money()(cell)
    except CellError as error:
        assert str(REASONS[error.code]) % error.params
    else:
        assert value >= 0
        assert value == value.quantize(Decimal("0.01"))


def test_amounts_in_ten_thousands_and_refusals() -> None:
    assert money()("12.5万元") == Decimal("125000.00")
    assert money()("1亿") == Decimal("100000000.00")
    assert reason(money(), -1) == "negative"
    assert money(low=Decimal("-100"))(-1) == Decimal("-1.00")
    assert reason(money(), "1e400") == "not_a_number"
    assert reason(money(), "约500") == "not_a_number"


@given(st.integers(500, 1200))
def test_a_rate_is_read_as_fraction_or_per_cent(ten_thousandths: int) -> None:
    value = Decimal(ten_thousandths).scaleb(-4)
    percent = (value * 100).normalize()
    for written in (f"{value}", f"{percent:f}%", f"{percent:f}", f"{percent:f} ％", float(value)):
        assert rate()(written) == value


@pytest.mark.parametrize("written", [0.5, "50%", 50, "4%", 0.13, "12.01%", 0, -0.05])
def test_a_rate_outside_the_law_is_refused(written: Cell) -> None:
    assert reason(rate(), written) == "rate_outside"


def test_bounds_of_a_rate_are_the_callers() -> None:
    assert rate(low=Decimal("0.01"))("3%") == Decimal("0.0300")


@pytest.mark.parametrize(
    "written", ["13800138000", 13800138000, "138 0013 8000", "+86-13800138000", "１３８００１３８０００"]
)
def test_a_mobile_number_becomes_eleven_digits(written: Cell) -> None:
    assert mobile(written) == "13800138000"


@pytest.mark.parametrize("written", ["1380013800", "022-25700000", "+1 650 253 0000", "电话", "12345678901"])
def test_what_cannot_get_an_sms_is_refused(written: Cell) -> None:
    assert reason(mobile, written) == "not_a_phone"


def test_a_wrong_landline_is_not_called_a_wrong_mobile() -> None:
    assert landline("（022）66271234 ") == "022-66271234"
    assert reason(landline, "12") == "not_a_landline"


def test_an_account_number_keeps_its_zeros() -> None:
    parse = account_number()
    assert parse("030100000001") == "030100000001"
    assert parse("'0301 0000-0001") == "030100000001"
    assert parse(30100000001) == "30100000001"
    assert reason(parse, 3.0100000001e18) == "digits_lost"
    assert reason(parse, "账号") == "wrong_characters"
    assert reason(parse, "1" * 21) == "too_long"


def test_codes_are_known_by_code_label_or_lost_zero() -> None:
    parse = code({"01": "normal", "正常": "normal", "03": "deferred", "0": "none"}, width=2)
    assert [parse(cell) for cell in ("01", 1, 1.0, " 正 常", "３")] == ["normal"] * 4 + ["deferred"]
    assert reason(parse, "77") == "unknown_code"
