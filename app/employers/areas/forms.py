"""What people enter about areas, and the columns of their file."""

from collections.abc import Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional, Regexp

from app.core.forms.choices import offered
from app.core.importing.spec import Column, ImportSpec
from app.core.language.text import clean
from app.core.sheets.cells import Cell
from app.core.sheets.parsing import code, text
from app.employers.areas.models import AREA_KIND_LABELS, Area, AreaKind
from app.employers.areas.policy import Permission
from app.employers.areas.queries import name_of, offered_areas
from app.employers.areas.services import applied, plan, reverted


def _clean(value: str | None) -> str:
    return clean(value or "")


class ChangeAreaForm(FlaskForm):  # type: ignore[misc]
    name = StringField(_l("Name"), [InputRequired(), Length(2, 120)], filters=[_clean])
    kind = SelectField(_l("Kind of area"), choices=offered(AREA_KIND_LABELS), coerce=AreaKind)
    parent_id = SelectField(_l("Lies in"), coerce=lambda value: int(value) if value else None)
    valid_until = DateField(
        _l("Valid until"), [Optional()],
        description=_l("The last day on which it is offered. Old records go on showing it."),
    )  # fmt: skip

    def offer(self, keep: int | None) -> None:
        self.parent_id.choices = offered([("", "—"), *offered_areas(keep)])


class NewAreaForm(ChangeAreaForm):
    code = StringField(
        _l("Code"), filters=[lambda value: (value or "").strip().upper()],
        validators=[InputRequired(), Length(max=20), Regexp(r"[0-9A-Z-]+$", message=_l(
            "A code has digits, capital letters and hyphens."
        ))],
    )  # fmt: skip


#: how files write the kinds
KINDS: dict[str, AreaKind] = {
    **{kind.value: kind for kind in AreaKind},
    **dict.fromkeys(("行政区", "区", "区县", "县"), AreaKind.DISTRICT),
    **dict.fromkeys(("街道", "镇", "乡", "街镇", "街道（镇）", "乡镇"), AreaKind.STREET),
    **dict.fromkeys(("园区", "开发区", "产业园", "工业园"), AreaKind.PARK),
    **dict.fromkeys(("楼宇", "楼", "大厦", "写字楼"), AreaKind.BUILDING),
}

_plain_code = text(20, narrow=True)


def area_code(cell: Cell) -> str:
    """Codes are the same in lower case and in full width."""
    return str(_plain_code(cell)).upper()


COLUMNS: Sequence[Column] = (
    Column("code", _l("Area code"), ("区域代码", "代码", "area code"), area_code, required=True),
    Column("name", _l("Name of the area"), ("区域名称", "名称", "area name"), text(120), required=True),
    Column("kind", _l("Kind of area"), ("区域类型", "类型", "kind"), code(KINDS), required=True),
    Column(
        "parent_code", _l("Lies in"), ("上级代码", "上级区域代码", "上级", "parent code"),
        area_code,
    ),
)  # fmt: skip

REASONS: dict[str, Any] = {
    "no_parent": _l("is not known; put the area above it before it: %(value)s"),
    "wrong_level": _l("is not of a higher kind than the area itself: %(value)s"),
}

#: a cell of each column, as offices write it
EXAMPLES = {
    "code": "120116001", "name": "新城街道", "kind": "街道", "parent_code": "120116",
}  # fmt: skip

AREAS = ImportSpec(
    name="areas",
    title=_l("Areas"),
    columns=tuple(COLUMNS),
    examples=EXAMPLES,
    words={"kind": ("行政区", "街道", "园区", "楼宇")},
    key=("code",),
    plan=plan,
    help=_l("Districts, streets and towns, parks and buildings. What lies in another area comes after it."),
    endpoint="areas.of_import",
    permission=Permission.EDIT,
    reasons=REASONS,
    subject=Area.__tablename__,
    labels={"parent_id": _l("Lies in")},
    worded={"parent_id": name_of},
    applied=applied,
    reverted=reverted,
)
