"""From a spreadsheet cell to a typed value, or a reason why not.

A parser takes a cell and returns its value; it raises CellError with a code and parameters. The code, not its
text, is what is stored and counted; `cells.REASONS` gives the text. Empty cells never reach a parser: the
caller treats them (`is_empty`) as "not given". Parsers of columns with few different values remember them,
which is what makes a hundred thousand rows quick.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, TypeVar

from app.core.clock import today
from app.core.periods import Period
from app.core.sheets.cells import Cell, CellError, lost_digits, plain_text

T = TypeVar("T")
Parser = Callable[[Cell], Any]

_EXCEL_EPOCH = date(1899, 12, 30)
_EARLIEST = date(1900, 1, 1)
_DATE_FORMS = (
    re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[ T].*)?"),
    re.compile(r"(\d{4})(\d{2})(\d{2})"),
    re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})[日号]?"),
)
#: a day of 1982 to 2064 as Excel counts it; five digits are no other form of a date
#: a year of two places where the words leave no doubt that it is one
_SHORT_YEAR = re.compile(r"(\d{2})(年\d{1,2}月\d{1,2}[日号]?)")
_SERIAL = re.compile(r"[345]\d{4}(\.0+)?")
_DIGITS = str.maketrans("〇○零一二三四五六七八九", "000123456789")
_TENS = re.compile(r"([一二三]?)十([一二三四五六七八九]?)")


def in_digits(written: str) -> str:
    """A date or month in Chinese numerals with figures in their place; other text stays.

    >>> in_digits("二〇二二年十二月三十一日")
    '2022年12月31日'
    """
    if written.isascii() or not ("年" in written or "月" in written):
        return written
    plain = _TENS.sub(lambda found: (found[1] or "一") + (found[2] or "〇"), written)
    return re.sub(r"[〇○零一二三四五六七八九]+(?=[年月日号])", lambda run: run[0].translate(_DIGITS), plain)


def text(limit: int = 255, *, narrow: bool = False) -> Parser:
    """Text of at most `limit` characters; `narrow` makes full-width letters and brackets half-width."""

    def parse(cell: Cell) -> str:
        value = plain_text(cell)
        if narrow and not value.isascii():
            value = unicodedata.normalize("NFKC", value)
        if len(value) > limit:
            raise CellError("too_long", limit=limit)
        return value

    return parse


def account_number(limit: int = 20) -> Parser:
    """An account number: blanks and quotes gone, leading zeros kept. Refuses digits that Excel rounded."""

    def parse(cell: Cell) -> str:
        if lost_digits(cell):
            raise CellError("digits_lost", value=cell)
        value = cell if isinstance(cell, str) else str(cell)
        if not (value.isascii() and value.isalnum()):
            value = re.sub(r"[\s'’`\-]", "", unicodedata.normalize("NFKC", value))
            if not (value.isascii() and value.isalnum()):
                raise CellError("wrong_characters", value=cell)
        if len(value) > limit:
            raise CellError("too_long", limit=limit)
        return value

    return parse


def code_text(width: int) -> Parser:
    """A code of a table that the department keeps: `width` places, upper case, leading zeros restored."""

    @lru_cache(maxsize=1024, typed=True)
    def parse(cell: Cell) -> str:
        value = unicodedata.normalize("NFKC", plain_text(cell)).replace(" ", "").upper()
        if not (value.isascii() and value.isalnum()) or len(value) > width:
            raise CellError("unknown_code", value=cell)
        return value.zfill(width) if value.isdigit() else value

    return parse


def day(*, future: bool = False, earliest: date = _EARLIEST) -> Parser:
    """A date: 2022-09-01, 2022/9/1, 2022.9.1, 20220901, 2022年9月1日, 二〇二二年九月一日, or Excel's own.

    Excel's own is a number of days such as 44805, which a CSV has as text.

    Refuses the future unless told otherwise.
    """
    read = lru_cache(maxsize=8192, typed=True)(_read_date)

    def parse(cell: Cell) -> date:
        value = read(cell)
        if not future and value > today():
            raise CellError("future_date", value=value)
        if value < earliest:
            raise CellError("date_too_early", limit=earliest, value=value)
        return value

    return parse


def _read_date(cell: Cell) -> date:
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    try:
        if isinstance(cell, (int, float)) and 1 <= cell < 200_000:
            return _EXCEL_EPOCH + timedelta(days=int(cell))
        written = in_digits(unicodedata.normalize("NFKC", plain_text(cell)))
        if _SERIAL.fullmatch(written):
            return _EXCEL_EPOCH + timedelta(days=int(written[:5]))
        compact = re.sub(r"\s*([年月日号/.-])\s*", r"\1", written)
        if short := _SHORT_YEAR.fullmatch(compact):
            compact = f"{_century(int(short[1]))}{short[2]}"
        for form in _DATE_FORMS:
            if found := form.fullmatch(compact):
                return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        pass
    raise CellError("not_a_date", value=cell)


def _century(year: int) -> int:
    """The year of this century, unless that is yet to come."""
    return year + (2000 if year <= today().year % 100 else 1900)


def period(*, ahead: int = 0) -> Parser:
    """A month: 202209, 2022-09, 2022/9, 2022年9月, or any day within it; at most `ahead` months from now."""
    read = lru_cache(maxsize=1024, typed=True)(_read_period)

    def parse(cell: Cell) -> Period:
        value = read(cell)
        if value > Period.of(today()) + ahead:
            raise CellError("future_month", value=value)
        return value

    return parse


def _read_period(cell: Cell) -> Period:
    if isinstance(cell, date):
        return Period.of(cell)
    written = in_digits(re.sub(r"\s+", "", unicodedata.normalize("NFKC", plain_text(cell))))
    try:
        return Period.parse(written)
    except ValueError:
        pass
    try:
        return Period.of(_read_date(written))
    except ValueError:
        raise CellError("not_a_month", value=cell) from None


def find_period(*texts: str) -> Period | None:
    """The first month named in one of the texts: a title "2022年9月单位缴存情况统计表", or a file name."""
    for written in map(in_digits, texts):
        for found in re.finditer(r"(?<!\d)((?:19|20)\d\d)\s*[年\-_./]?\s*(\d{1,2})(?!\d)", written):
            if 1 <= int(found[2]) <= 12 and (len(found[2]) == 2 or found[0][4:-1].strip()):
                return Period(int(found[1]), int(found[2]))
    return None


def whole(low: int = 0, high: int = 9_999_999) -> Parser:
    """A whole number from `low` to `high`, also "12人"; heads are never negative."""

    @lru_cache(maxsize=8192, typed=True)
    def parse(cell: Cell) -> int:
        if isinstance(cell, str):
            cell = re.sub(r"\s*[人名户]$", "", cell)
        value = cell if isinstance(cell, int) else _decimal(cell)
        if value != int(value):
            raise CellError("not_whole", value=cell)
        _check_bounds(cell, value, low, high)
        return int(value)

    return parse


def _check_bounds(cell: Cell, value: int | Decimal, low: int | Decimal, high: int | Decimal) -> None:
    if value < 0 <= low:
        raise CellError("negative", value=cell)
    if value < low:
        raise CellError("too_small", limit=low, value=cell)
    if value > high:
        raise CellError("too_large", limit=high, value=cell)


_FEN = Decimal("0.01")


def money(
    low: Decimal = Decimal(0), high: Decimal = Decimal("9999999999999.99"), step: Decimal = _FEN
) -> Parser:
    """Yuan as Decimal with two places (half up), or those of `step`: 1234.5, "¥1,234.50元", "12.5万元"."""

    @lru_cache(maxsize=8192, typed=True)
    def parse(cell: Cell) -> Decimal:
        value = _decimal(cell, units=True)
        _check_bounds(cell, value, low, high)
        return value.quantize(step, ROUND_HALF_UP)

    return parse


def rate(low: Decimal = Decimal("0.05"), high: Decimal = Decimal("0.12")) -> Parser:
    """A fraction: 0.05, "5%" and 5 all mean five per cent. Refuses what lies outside `low` to `high`."""

    @lru_cache(maxsize=1024, typed=True)
    def parse(cell: Cell) -> Decimal:
        written = unicodedata.normalize("NFKC", plain_text(cell)).replace(" ", "")
        value = _decimal(written.removesuffix("%") if isinstance(cell, str) else cell)
        # A legal rate is never 100 %: what stands at 1 or above was written in per cent.
        if written.endswith("%") or value >= 1:
            value /= 100
        value = value.quantize(Decimal("0.0001"), ROUND_HALF_UP)
        if not low <= value <= high:
            raise CellError("rate_outside", low=f"{low:.0%}", high=f"{high:.0%}", value=cell)
        return value

    return parse


#: commas part groups of three digits, or of four; any other comma may be somebody's decimal point
_GROUPED = re.compile(r"(?<![\d,.])\d{1,3}(,\d{3})+(?![\d,])|(?<![\d,.])\d{1,4}(,\d{4})+(?![\d,])")


def _decimal(cell: Cell, units: bool = False) -> Decimal:
    if isinstance(cell, (int, float)):
        value = Decimal(repr(cell))
    else:
        written = unicodedata.normalize("NFKC", plain_text(cell))
        bare = re.sub(r"\s", "", written)
        if "," in bare:
            bare = _GROUPED.sub(lambda digits: digits[0].replace(",", ""), bare)
        scale = 1
        if units:
            bare = re.sub(r"^(人民币|RMB|CNY|[¥￥])|(元整|圆整|元|圆)$", "", bare)
            if bare.endswith(("万", "亿")):
                bare, scale = bare[:-1], 10_000 if bare[-1] == "万" else 100_000_000
        if not re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", bare):
            raise CellError("not_a_number", value=cell)
        try:
            value = Decimal(bare) * scale
        except InvalidOperation:
            raise CellError("not_a_number", value=cell) from None
    if not value.is_finite() or value.adjusted() > 18:
        raise CellError("not_a_number", value=cell)
    return value


def code(table: Mapping[str, T], width: int = 0) -> Parser:
    """A code of a table, written as code or label. `width` restores leading zeros that Excel took (1 -> 01).

    >>> code({"01": "normal", "正常": "normal"}, width=2)(1)
    'normal'
    """
    known = {_code_key(written): value for written, value in table.items()}

    @lru_cache(maxsize=1024, typed=True)
    def parse(cell: Cell) -> T:
        written = _code_key(plain_text(cell))
        value = known.get(written, known.get(written.zfill(width)))
        if value is None:
            raise CellError("unknown_code", value=cell)
        return value

    return parse


def _code_key(written: str) -> str:
    return unicodedata.normalize("NFKC", written).replace(" ", "").casefold()
