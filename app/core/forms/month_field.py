"""A form's field for a month: the browser's own picker, or 202209 and 2022年9月 typed by hand."""

from typing import Any

from flask_babel import gettext as _
from wtforms import Field
from wtforms.widgets import MonthInput

from app.core.periods import Period, asked_month


class PeriodField(Field):
    """`data` is a Period, or None when nothing was given."""

    widget = MonthInput()
    data: Period | None

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return f"{self.data.year:04d}-{self.data.month:02d}" if self.data else ""

    def process_formdata(self, valuelist: list[Any]) -> None:
        text = str(valuelist[0]).strip() if valuelist else ""
        try:
            self.data = asked_month(text) if text else None
        except ValueError:
            self.data = None
            raise ValueError(_("“%(text)s” is not a month; write it as 2026-09.", text=text[:20])) from None
