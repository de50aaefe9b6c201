"""The upload form: it asks only for what the kind of file needs."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import DateField, StringField
from wtforms.validators import Length, Optional, ValidationError

from app.core.clock import today
from app.core.importing.conflicts import KEEP, TAKE
from app.core.importing.spec import ImportSpec
from app.core.periods import Period, asked_month
from app.imports.models import ImportBatch

#: what was chosen by field, and by row and field
Given = tuple[dict[str, str], dict[str, dict[str, str]]]


def answers_given(posted: Mapping[str, str]) -> Given:
    """The answers of a posted page: `field-address` for all rows, `row-12-address` for one. Else ignored."""
    fields: dict[str, str] = {}
    rows: dict[str, dict[str, str]] = {}
    for name, answer in posted.items():
        what, _dash, rest = name.partition("-")
        number, _dash, column = rest.partition("-")
        if what == "field" and answer in (KEEP, TAKE):
            fields[rest] = answer
        elif what == "row" and number.isdecimal() and answer in ("", KEEP, TAKE):
            rows.setdefault(number, {})[column] = answer
    return fields, rows


def _filled_in(like: ImportBatch) -> dict[str, Any]:
    period = str(like.period) if like.period else ""
    return {"source": like.source or "", "as_of": like.as_of, "period": period}


class UploadForm(FlaskForm):  # type: ignore[misc]
    file = FileField(
        _l("File"),
        [FileRequired(_l("Choose a file."))],
        description=_l(".xlsx, .xls or .csv; titles above the headings do no harm."),
        render_kw={"accept": ".xlsx,.xlsm,.xls,.csv,.txt", "required": True},
    )
    source = StringField(
        _l("Files from"),
        [Optional(), Length(max=80)],
        description=_l("Who sends it, such as a bank's branch; may stay empty."),
        render_kw={"list": "sources", "maxlength": 80},
    )
    as_of = DateField(
        _l("As of"),
        [Optional()],
        description=_l("The day the file speaks of; empty means the end of its month, or today."),
    )
    period = StringField(
        _l("Month"),
        [Optional()],
        description=_l("Such as 2022-09; empty means the month in the title or the file name."),
        render_kw={"inputmode": "numeric", "placeholder": "2022-09", "maxlength": 12},
    )

    @classmethod
    def asking_for(cls, spec: ImportSpec, like: ImportBatch | None = None) -> "UploadForm":
        """The form without the fields that files of this kind do not need, filled in as for another batch."""
        form = cls(data=_filled_in(like) if like else None)
        if not spec.needs_as_of:
            del form.as_of
        if not spec.needs_period:
            del form.period
        return form

    def validate_period(self, field: Any) -> None:
        try:
            asked_month(field.data)
        except ValueError:
            raise ValidationError(_l("Give a month such as 2022-09.")) from None

    def validate_as_of(self, field: Any) -> None:
        if field.data > today():
            raise ValidationError(_l("The date “as of” lies in the future."))

    @property
    def chosen_day(self) -> date | None:
        return self.as_of.data if "as_of" in self else None

    @property
    def chosen_period(self) -> Period | None:
        given = self.period.data if "period" in self else None
        return asked_month(given) if given else None
