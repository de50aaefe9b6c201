"""The columns of a file of codes."""

import re
from collections.abc import Mapping
from functools import lru_cache

from flask_babel import force_locale
from flask_babel import lazy_gettext as _l

from app.core.code_tables import TABLES
from app.core.importing.spec import Column, ImportSpec
from app.core.language.i18n import DEFAULT
from app.core.sheets.cells import Cell, CellError, plain_text
from app.core.sheets.parsing import day, text
from app.settings.code_files.services import applied, plan, reverted
from app.settings.policy import Permission

_narrow = text(20, narrow=True)


def code_itself(cell: Cell) -> str:
    """A code in capital letters and half width."""
    written = str(_narrow(cell)).replace(" ", "").upper()
    if not (written.isascii() and written.isalnum()):
        raise CellError("wrong_characters", value=cell)
    return written


def table_named(cell: Cell) -> str:
    """A table by its short name, its label in either language, or its standard, with or without the year."""
    found = _tables().get(_spelled(plain_text(cell)))
    if found is None:
        raise CellError("unknown_code", value=cell)
    return found


@lru_cache(maxsize=1)
def _tables() -> Mapping[str, str]:
    known = {name: name for name in TABLES} | {"行业": "industry"}
    for locale in (DEFAULT, "en"):
        with force_locale(locale):
            known |= {_spelled(str(one.label)): name for name, one in TABLES.items()}
    for name, one in TABLES.items():
        known |= {way: name for way in (_spelled(one.standard), _undated(one.standard)) if way}
    return known


def _spelled(written: str) -> str:
    return written.casefold().replace(" ", "")


def _undated(standard: str) -> str:
    """GB/T 4754-2017 is GB/T 4754."""
    return _spelled(re.sub(r"-\d{4}$", "", standard))


_WORDS = text(120)

#: a cell of each column, as offices write it
EXAMPLES = {
    "code_table": "行业", "code": "7263", "label_zh": "劳务派遣服务",
    "label_en": "Labour dispatch", "parent_code": "726", "valid_from": "2026-01-01",
    "valid_until": "2026-12-31",
}  # fmt: skip

CODES = ImportSpec(
    name="codes",
    title=_l("Codes of the tables"),
    help=_l(
        "Whole tables, such as all classes of GB/T 4754. Known codes are corrected and missing ones stay: "
        "a code is ended, never deleted. Keep codes as text, so that no leading zero is lost."
    ),
    columns=(
        Column("code_table", _l("Code table"), ("代码表", "表名", "标准", "table"), table_named, True),
        Column("code", _l("Code"), ("代码", "编码", "code"), code_itself, True),
        Column("label_zh", _l("Chinese"), ("名称", "中文名称", "类别名称", "name"), _WORDS, True),
        Column("label_en", _l("English"), ("英文名称", "英文", "name en"), _WORDS),
        Column("parent_code", _l("Code above"), ("上级代码", "父代码", "parent code"), code_itself),
        Column("valid_from", _l("Valid from"), ("生效日期", "启用日期", "valid from"), day(future=True)),
        Column("valid_until", _l("Valid until"), ("失效日期", "停用日期", "valid until"), day(future=True)),
    ),
    examples=EXAMPLES,
    words={"code_table": tuple(one.label for one in TABLES.values())},
    key=("code_table", "code"),
    plan=plan,
    applied=applied,
    reverted=reverted,
    permission=Permission.EDIT,
    administrative=True,
    endpoint="settings.code",
    argument="code_id",
    subject="code_values",
    reasons={
        "code_too_long": _l("is longer than the codes of this table: %(limit)s places at most"),
        "ends_before": _l("lies before the first day of validity"),
        "no_parent": _l("is not known; put the code above it before it: %(value)s"),
        "below_itself": _l("stands below this very code: %(value)s"),
    },
    labels={"sort": None},
    worded={"code_table": {name: one.label for name, one in TABLES.items()}},
)
