"""What people enter about outlines and letterheads."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional, Regexp, ValidationError

from app.core.clock import today
from campaigns.channels.letter.models import LetterVersion, VariableKind
from campaigns.channels.letter.services import Wording
from campaigns.channels.letter.text import LONGEST, placeholders


class VersionForm(FlaskForm):  # type: ignore[misc]
    """A wording. Variables that authors fill in: one a line, as `name: label (kind)`."""

    title = StringField(_l("Heading of the letter"), [InputRequired(), Length(4, 200)])
    text = TextAreaField(_l("Text"), [InputRequired(), Length(max=LONGEST)])
    enclosure_title = StringField(_l("Title of the enclosure"), [Optional(), Length(max=200)])
    enclosure_text = TextAreaField(_l("Text of the enclosure"), [Optional(), Length(max=LONGEST)])
    variables = TextAreaField(
        _l("What authors fill in"),
        [Optional(), Length(max=2000)],
        description=_l("One a line: name, label, kind (text, date, month, number, money, rate)."),
    )
    valid_from = DateField(_l("Holds from"), [InputRequired()], default=today)

    def validate_variables(self, field: Any) -> None:
        try:
            _variables(field.data or "")
        except ValueError as error:
            raise ValidationError(
                str(_l("“%(line)s” is not: name, label, kind.", line=str(error)))
            ) from error

    @property
    def wording(self) -> Wording:
        """Only of a valid form."""
        title, words = self.enclosure_title.data or "", self.enclosure_text.data or ""
        return Wording(
            self.title.data or "",
            self.text.data or "",
            self.valid_from.data or today(),
            [{"title": title.strip(), "text": words.strip()}] if title.strip() and words.strip() else [],
            _variables(self.variables.data or ""),
        )

    @classmethod
    def of(cls, version: LetterVersion | None) -> "VersionForm":
        """Filled in with the wording that is to be changed."""
        if version is None:
            return cls()
        first = version.enclosures[0] if version.enclosures else {"title": "", "text": ""}
        asked = "\n".join(f"{one['name']}, {one['label']}, {one['kind']}" for one in version.variables)
        return cls(
            title=version.title,
            text=version.text,
            enclosure_title=first["title"],
            enclosure_text=first["text"],
            variables=asked,
        )


def _variables(lines: str) -> list[dict[str, Any]]:
    """What is written a variable a line. Raises ValueError with the first line that is none."""
    found = []
    for line in filter(None, (raw.strip() for raw in lines.splitlines())):
        parts = [part.strip() for part in line.replace("，", ",").split(",")]
        known = len(parts) == 3 and placeholders("{" + parts[0] + "}") and parts[2] in set(VariableKind)
        if not known:
            raise ValueError(line)
        found.append({"name": parts[0], "label": parts[1], "kind": parts[2], "required": True})
    return found


class LetterheadForm(FlaskForm):  # type: ignore[misc]
    issuer = StringField(_l("Full name of the issuing office"), [InputRequired(), Length(2, 60)])
    prefix = StringField(
        _l("Prefix of document numbers"),
        [InputRequired(), Length(2, 30)],
        description=_l("Such as 津公积金港函"),
    )
    address = StringField(_l("Address to which letters come back"), [InputRequired(), Length(2, 200)])
    postal_code = StringField(
        _l("Postal code"), [InputRequired(), Regexp(r"^\d{6}$", message=_l("A postal code has six digits."))]
    )
