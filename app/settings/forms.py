"""The forms of the calendar, of the legal basis and of the code tables."""

import json
import re
from collections.abc import Collection, Iterable
from datetime import date, timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateField,
    Field,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional, Regexp
from wtforms.widgets import TextArea

from app.core.code_tables import TABLES, offered_codes
from app.core.forms.choices import offered
from app.core.options import Option
from app.settings.policy import OPTION_GROUPS, OTHERS

#: one day, or a first and a last one
SPAN = re.compile(r"(\d{4}-\d{1,2}-\d{1,2})(?:\s*(?:至|到|to|~|～|—)\s*(\d{4}-\d{1,2}-\d{1,2}))?", re.I)
LONGEST_SPAN = 31


class DayForm(FlaskForm):  # type: ignore[misc]
    working = RadioField(
        _l("This day"), [InputRequired()], choices=offered([("1", _l("is worked")), ("0", _l("is off"))])
    )
    why = StringField(
        _l("Reason"), [InputRequired(), Length(max=120)],
        description=_l("The occasion, or the notice that announced it; it stays beside the day."),
    )  # fmt: skip


class DaysField(Field):
    """Days and spans of days in any order: `2027-01-01 至 2027-01-03, 2027-02-05`."""

    widget = TextArea()  # type: ignore[assignment]
    data: list[date]

    def process_formdata(self, valuelist: list[str]) -> None:
        text = (valuelist or [""])[0].replace("/", "-").replace(".", "-")
        self.data = [day for first, last in SPAN.findall(text) for day in _days(first, last)]
        if rest := SPAN.sub("", text).strip(" \t\r\n,，;；、"):
            raise ValueError(_("“%(text)s” is not a day; write it as 2027-01-01.", text=rest[:40]))

    def _value(self) -> str:
        return str(self.raw_data[0]) if self.raw_data else ""


def _days(first: str, last: str) -> list[date]:
    try:
        start, end = (date(*map(int, text.split("-"))) for text in (first, last or first))
    except ValueError:
        raise ValueError(_("“%(text)s” is not a day; write it as 2027-01-01.", text=first)) from None
    if not start <= end <= start + timedelta(days=LONGEST_SPAN):
        raise ValueError(_("“%(first)s to %(last)s” is no span of days.", first=first, last=last))
    return [start + timedelta(days=n) for n in range((end - start).days + 1)]


class YearForm(FlaskForm):  # type: ignore[misc]
    off = DaysField(
        _l("Days off"), [InputRequired()],
        description=_l("Holidays with the weekdays given off, one or more a line: 2027-01-01 至 2027-01-03"),
    )  # fmt: skip
    worked = DaysField(_l("Weekend days worked"), description=_l("Saturdays and Sundays worked instead."))
    why = StringField(
        _l("Announced by"), [InputRequired(), Length(max=120)],
        description=_l("The notice of the State Council with its number."),
    )  # fmt: skip


class CorrectionForm(FlaskForm):  # type: ignore[misc]
    version = StringField(_l("Version"), [InputRequired(), Length(max=60)])
    article = StringField(_l("Article"), [InputRequired(), Length(max=40)])
    quote = TextAreaField(_l("Wording"), [InputRequired(), Length(max=4000)])
    verified = BooleanField(_l("I have compared the wording with the official text"))

    @property
    def values(self) -> dict[str, Any]:
        asked = {field.name: field.data for field in self if field.name != "csrf_token"}
        return {name: value.strip() if isinstance(value, str) else value for name, value in asked.items()}


class VersionForm(CorrectionForm):
    law = StringField(_l("Law"), [InputRequired(), Length(max=120)])
    valid_from = DateField(_l("In force from"), [InputRequired()])

    def validate_valid_from(self, field: Field) -> None:
        if field.data and not 1990 <= field.data.year <= 2100:
            raise ValidationError(_("Choose a day between 1990 and 2100."))


def _trimmed(value: str | None) -> str:
    return (value or "").strip()


def _upper(value: str | None) -> str:
    return _trimmed(value).upper()


class ChangeCodeForm(FlaskForm):  # type: ignore[misc]
    label_zh = StringField(_l("Chinese"), [InputRequired(), Length(max=120)], filters=[_trimmed])
    label_en = StringField(
        _l("English"), [Length(max=120)], filters=[_trimmed],
        description=_l("Shown to readers of English; without it they see the Chinese."),
    )  # fmt: skip
    parent_code = SelectField(_l("Below"), coerce=lambda value: value or None)
    valid_from = DateField(_l("Valid from"), [Optional()], description=_l("Empty: always was."))
    valid_until = DateField(
        _l("Valid until"), [Optional()],
        description=_l("The last day on which it is offered. Old records go on showing it."),
    )  # fmt: skip
    sort = IntegerField(_l("Order"), [InputRequired(), NumberRange(0, 99_999)], default=0)

    def offer(self, table: str, keep: str | None) -> None:
        self.parent_code.choices = offered([("", "—"), *offered_codes(table, keep)])

    @property
    def values(self) -> dict[str, Any]:
        return {field.name: field.data for field in self if field.name != "csrf_token"}


_CODE_SIGNS = _l("A code has digits and capital letters.")


class NewCodeForm(ChangeCodeForm):
    code = StringField(
        _l("Code"), filters=[_upper],
        validators=[InputRequired(), Regexp("[0-9A-Z]+$", message=_CODE_SIGNS)],
    )  # fmt: skip

    def offer(self, table: str, keep: str | None) -> None:
        super().offer(table, keep)
        self.longest = TABLES[table].length

    def validate_code(self, field: Field) -> None:
        if len(field.data) > self.longest:
            raise ValidationError(_("At most %(limit)s characters.", limit=self.longest))


class OptionsForm(FlaskForm):  # type: ignore[misc]
    """Made by `options_form`: one number for each option, named like it but for the dot."""

    options: Iterable[Option]
    #: the values by input that the page was loaded with
    shown = HiddenField()
    valid_from = DateField(
        _l("These hold from"), [Optional()],
        description=_l(
            "Empty: from today. What changes later is listed below until it does. Rates and bases of the year"
            " may begin on any day since 1 July."
        ),
    )  # fmt: skip
    why = StringField(
        _l("Reason"), [Length(max=200)],
        description=_l("For a day that has passed: the notice with its number. It stays in the trail."),
    )  # fmt: skip

    @property
    def groups(self) -> list[tuple[Any, list[tuple[Option, Field]]]]:
        """The options with their inputs under their headings; a heading without any is left out."""
        labels = [label for label, _prefixes in OPTION_GROUPS] + [OTHERS]
        places = {one: place for place, (_label, all_) in enumerate(OPTION_GROUPS) for one in all_}
        found: list[list[tuple[Option, Field]]] = [[] for _label in labels]
        for option in self.options:
            place = places.get(option.name.partition(".")[0], -1)
            found[place].append((option, self[_input(option)]))
        return [(label, fields) for label, fields in zip(labels, found, strict=True) if fields]

    @property
    def values(self) -> dict[Option, int]:
        """What was changed on the page; only of a valid form.

        All else stays as it is by now: as announced for a later day, or as somebody else has set it since.
        """
        shown = _shown(self.shown.data)
        given = {option: self[_input(option)].data for option in self.options}
        return {option: value for option, value in given.items() if shown.get(_input(option)) != value}


def _shown(text: str | None) -> dict[str, Any]:
    """Nothing, where the text is not what the page had."""
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def options_form(options: Iterable[Option], given: Collection[str] = ()) -> OptionsForm:
    """The form of these options with what holds today; only of those whose inputs are `given`, if any are."""
    options = tuple(option for option in options if not given or _input(option) in given)
    fields = {_input(option): _asked(option) for option in options}
    kind: type[OptionsForm] = type("OptionsFormOfHouse", (OptionsForm,), fields)
    values = {_input(option): option.value() for option in options}
    form = kind(data={**values, "shown": json.dumps(values)})
    form.options = options
    return form


def _input(option: Option) -> str:
    return option.name.replace(".", "-")


def _asked(option: Option) -> Field:
    """Words to choose from, or a number."""
    if option.choices:
        return SelectField(option.label, coerce=int, choices=offered(option.choices), description=option.help)
    limits = NumberRange(option.low, option.high)
    label = f"{option.label}（{option.unit}）" if option.unit else option.label
    return IntegerField(label, [InputRequired(), limits], description=option.help)
