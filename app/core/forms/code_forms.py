"""A select of a code table in a form."""

from typing import Any

from wtforms import SelectField
from wtforms.utils import unset_value

from app.core.code_tables import offered_codes
from app.core.forms.choices import offered


def _code_or_none(value: Any) -> str | None:
    return str(value) if value else None


class CodedField(SelectField):
    """Offers the codes valid today, and what the record says already although it is valid no longer."""

    def __init__(self, label: Any, table: str, **more: Any) -> None:
        self.table = table
        super().__init__(label, choices=[], coerce=_code_or_none, **more)

    def process(self, formdata: Any, data: Any = unset_value, extra_filters: Any = None) -> None:
        first = self.default if data is unset_value else data
        kept = first if isinstance(first, str) else None
        self.choices = offered([("", "—"), *offered_codes(self.table, kept)])
        super().process(formdata, data, extra_filters)
