"""Identifiers of the field that carry their own proof: credit codes, ID numbers and mobile numbers."""

import re
import unicodedata
from datetime import date
from typing import Any

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumberFormat, PhoneNumberType
from stdnum.cn import uscc as standard

from app.core.clock import today
from app.core.language.text import is_landline
from app.core.sheets.cells import Cell, CellError, lost_digits, plain_text

# GB 32100: 31 letters without I, O, S, V, Z; position weights 3^i mod 31.
_USCC_VALUES = {letter: value for value, letter in enumerate(standard._alphabet)}
_USCC_WEIGHTS = (*(pow(3, position, 31) for position in range(17)), 1)


def credit_code(cell: Cell) -> str:
    """A unified social credit code in its written form: 18 half-width capitals with a right check digit.

    The check is GB 32100's, as in python-stdnum, but eight times as fast; unlike stdnum it allows letters
    in the first two places (N2 rural co-operatives, Y1 others are employers too).
    """
    if isinstance(cell, float) and lost_digits(cell):
        raise CellError("digits_lost", value=cell)
    value = cell if isinstance(cell, str) else plain_text(cell)
    total = 0
    if len(value) == 18:
        try:
            for letter, weight in zip(value, _USCC_WEIGHTS, strict=True):
                total += _USCC_VALUES[letter] * weight
        except KeyError:
            return _tidy_credit_code(value)
        if total % 31 == 0:
            return value
    return _tidy_credit_code(value)


def _tidy_credit_code(written: str) -> str:
    """The slow path: a code that is not yet in its written form, or is wrong."""
    if lost_digits(written):
        raise CellError("digits_lost", value=written)
    value = re.sub(r"[\s\-_'’`]", "", unicodedata.normalize("NFKC", written)).upper()
    if not value:
        raise CellError("empty")
    if len(value) != 18:
        raise CellError("wrong_length", found=len(value), wanted=18)
    if not value[2:8].isdigit() or any(letter not in _USCC_VALUES for letter in value):
        raise CellError("wrong_characters", value=written)
    if sum(_USCC_VALUES[x] * w for x, w in zip(value, _USCC_WEIGHTS, strict=True)) % 31:
        raise CellError("wrong_check_digit", value=written)
    return value


# GB 11643: ISO 7064 MOD 11-2, position weights 2^(17 - i) mod 11.
_ID_WEIGHTS = tuple(pow(2, 17 - position, 11) for position in range(17))
_ID_CHECKS = "10X98765432"


def id_number(cell: Cell) -> str:
    """A resident's ID number in its written form: 17 digits and a check digit, X in upper case.

    The reason of a refusal never repeats the number: it would end in a log or a list of rejected rows.
    """
    value = re.sub(r"[\s\-_'’`]", "", unicodedata.normalize("NFKC", plain_text(cell))).upper()
    if not value:
        raise CellError("empty")
    if not re.fullmatch(r"[1-9][0-9]{16}[0-9X]", value) or not _is_day(value[6:14]):
        raise CellError("not_an_id_number")
    total = sum(int(digit) * weight for digit, weight in zip(value[:17], _ID_WEIGHTS, strict=True))
    if _ID_CHECKS[total % 11] != value[17]:
        raise CellError("not_an_id_number")
    return value


#: table A.1 of JGJ/T 320: the resident's card, whose numbers prove themselves
RESIDENT_CARD = "01"
_DOCUMENT = re.compile(r"[A-Z0-9]{4,30}")


def document_number(cell: Cell, id_type: str | None) -> str:
    """The number of an identity document of this type in its written form; see `id_number`."""
    if id_type in (None, RESIDENT_CARD):
        return id_number(cell)
    value = re.sub(r"[\s\-_()'’`]", "", unicodedata.normalize("NFKC", plain_text(cell))).upper()
    if not _DOCUMENT.fullmatch(value):
        raise CellError("not_a_document_number")
    return value


def _is_day(digits: str) -> bool:
    try:
        return date(1850, 1, 1) <= date(int(digits[:4]), int(digits[4:6]), int(digits[6:])) <= today()
    except ValueError:
        return False


_CHINA: Any = PhoneMetadata.metadata_for_region("CN")
_MOBILE: re.Pattern[str] = re.compile(_CHINA.mobile.national_number_pattern)


def mobile(cell: Cell) -> str:
    """A mainland mobile number as eleven digits: 13800138000, "138 0013 8000", "+86-13800138000"."""
    value = cell if isinstance(cell, str) else plain_text(cell)
    if _MOBILE.fullmatch(value):
        return value
    try:
        number = phonenumbers.parse(unicodedata.normalize("NFKC", value), "CN")
    except phonenumbers.NumberParseException:
        raise CellError("not_a_phone", value=cell) from None
    kind = phonenumbers.number_type(number)
    if number.country_code != 86 or kind is not PhoneNumberType.MOBILE:
        raise CellError("not_a_phone", value=cell)
    return phonenumbers.format_number(number, PhoneNumberFormat.E164).removeprefix("+86")


_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")


def landline(cell: Cell) -> str:
    """A landline number with its area code and extension, if it has any: 022-66271234, 66271234-801."""
    value = re.sub(r"\s", "", unicodedata.normalize("NFKC", plain_text(cell)))
    value = re.sub(r"^\((0\d{2,3})\)", r"\1-", value)
    if not is_landline(value):
        raise CellError("not_a_landline", value=cell)
    return value


def email(cell: Cell) -> str:
    """An e-mail address in half-width letters."""
    value = re.sub(r"\s", "", unicodedata.normalize("NFKC", plain_text(cell)))
    if not _EMAIL.fullmatch(value) or len(value) > 120:
        raise CellError("not_an_email", value=cell)
    return value


def postal_code(cell: Cell) -> str:
    """Six digits, those in front restored that a spreadsheet took: 30280 is 030280."""
    value = re.sub(r"\s", "", unicodedata.normalize("NFKC", plain_text(cell)))
    if not re.fullmatch(r"[0-9]{5,6}", value) or not int(value):
        raise CellError("not_a_postal_code", value=cell)
    return value.zfill(6)
