"""The text of each message of a set, written and counted by the database as `text` does for one."""

from collections.abc import Mapping

from sqlalchemy import ColumnElement, case, func, literal, null

from app.core.sql_functions import utf16_units
from campaigns.channels.sms.text import OPT_OUT_NOTICE, PART, SINGLE, parts


def render(template: str, values: Mapping[str, ColumnElement[str]]) -> ColumnElement[str]:
    """Fill the `{variables}` in; NULL where one has no value. A value is inert text."""
    written: ColumnElement[str] = literal("")
    for fixed, name in parts(template):
        written = written.concat(literal(fixed))
        if name is not None:
            written = written.concat(func.nullif(values[name], "") if name in values else null())
    return written


def complete(signature: str, body: ColumnElement[str], opt_out: bool = False) -> ColumnElement[str]:
    """The text as the phone shows it: 【signature】, body, and the way out where one is due."""
    signed = literal(f"【{signature}】").concat(body)
    if not opt_out:
        return signed
    says_so = func.replace(body, OPT_OUT_NOTICE, "") != body
    return case((says_so, signed), else_=signed.concat(literal(OPT_OUT_NOTICE)))


def segments(text: ColumnElement[str]) -> ColumnElement[int]:
    """How many billed segments a complete text makes."""
    length = utf16_units(text)
    return case((length > SINGLE, (length + (PART - 1)) // PART), (length > 0, 1), else_=0)
