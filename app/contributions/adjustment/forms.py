"""What people enter of the adjustment of bases, and what the file of submitted figures looks like."""

from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, DecimalField, IntegerField
from wtforms.validators import InputRequired, NumberRange

from app.contributions.adjustment import services
from app.contributions.adjustment.models import Adjustment
from app.contributions.adjustment.policy import CONTRADICTIONS, Figures, Permission, year_of
from app.core.clock import today
from app.core.forms.decimals import Places
from app.core.importing.spec import Column, ImportSpec
from app.core.periods import YEAR_BEGINS
from app.core.sheets.parsing import money, text, whole
from app.employers.forms import not_in_the_future

MOST = 9_999_999


class WindowForm(FlaskForm):  # type: ignore[misc]
    opens_on = DateField(_l("First day of the window"), [InputRequired()])
    closes_on = DateField(_l("Last day of the window"), [InputRequired()])


class DriveForm(WindowForm):
    year = IntegerField(
        _l("Contribution year that begins in July of"), [InputRequired(), NumberRange(1999, 2100)]
    )

    def prefill(self) -> None:
        year = year_of(today())
        self.year.data = year
        self.opens_on.data, self.closes_on.data = date(year, YEAR_BEGINS, 1), date(year, YEAR_BEGINS + 1, 31)


def _base(label: Any) -> DecimalField:
    return DecimalField(label, [InputRequired(), Places(2), NumberRange(0)], places=2)


class FiguresForm(FlaskForm):  # type: ignore[misc]
    heads = IntegerField(_l("Employees"), [InputRequired(), NumberRange(1, MOST)])
    total_base = _base(_l("Sum of the bases (yuan a month)"))
    lowest = _base(_l("Lowest of the bases"))
    highest = _base(_l("Highest of the bases"))
    submitted_on = DateField(_l("Submitted on"), [InputRequired(), not_in_the_future], default=today)

    def prefill(self, row: Adjustment) -> None:
        for name in ("heads", "total_base", "lowest", "highest"):
            self[name].data = getattr(row, name)

    @property
    def figures(self) -> Figures:
        """Only of a valid form."""
        given: Any = (self.heads.data, self.total_base.data, self.lowest.data, self.highest.data)
        return Figures(*given)


COLUMNS = (
    Column(
        "code", _l("Account or credit code"),
        ("单位公积金账号", "单位账号", "统一社会信用代码", "DWZH", "account", "credit code"),
        text(30, narrow=True), True,
    ),
    Column("name", _l("Name"), ("单位名称", "DWMC", "name"), text(255)),
    Column("heads", _l("Employees"), ("职工人数", "缴存人数", "人数", "heads"), whole(1), True),
    Column(
        "total_base", _l("Sum of the bases (yuan a month)"),
        ("缴存基数合计", "基数合计", "基数总额", "total base"), money(), True,
    ),
    Column(
        "lowest", _l("Lowest of the bases"), ("最低缴存基数", "最低基数", "lowest base"), money(), True
    ),
    Column(
        "highest", _l("Highest of the bases"), ("最高缴存基数", "最高基数", "highest base"), money(), True
    ),
)  # fmt: skip
#: a cell of each column, as offices write it
EXAMPLES = {
    "code": "030100000001", "name": "示范精密机械有限公司", "heads": "35", "total_base": "280,000.00",
    "lowest": "2,510.00", "highest": "34,455.00",
}  # fmt: skip

SUBMITTED = ImportSpec(
    name="bases",
    title=_l("Submitted contribution bases"),
    help=_l("Of each employer the number of employees, the sum of their bases, the lowest and the highest."),
    columns=COLUMNS,
    examples=EXAMPLES,
    key=("code",),
    plan=services.plan,
    applied=services.applied,
    reverted=services.reverted,
    endpoint="adjustment.show",
    permission=Permission.WORK,
    reasons={
        **CONTRADICTIONS,
        "no_drive": _l("no adjustment of bases is open: open the year first"),
        "unknown": _l("no employer has this account or credit code: %(value)s"),
        "other_branch": _l("belongs to another branch"),
        "not_listed": _l("has no bases to adjust this year"),
        "checked": _l("is checked already with other figures: return it first"),
    },
    remarks={
        "below_floor": _l("the lowest base is below the floor of the year: returned to the employer"),
        "above_ceiling": _l("the highest base is above the ceiling of the year: returned to the employer"),
    },
    labels={
        "state": _l("State"), "submitted_on": _l("Submitted on"), "note": _l("Reason"), "since": _l("Since"),
    },
)  # fmt: skip
