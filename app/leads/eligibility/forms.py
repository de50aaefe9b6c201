"""What is asked of a rule, and of a decision."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, IntegerField, SelectField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from app.core.forms.choices import offered
from app.core.language.i18n import translated
from app.core.language.text import clean
from app.leads.eligibility.models import SIGN_LABELS, VERDICT_LABELS, EligibilityRule, Sign, Verdict


def _clean(value: str | None) -> str:
    return clean(value or "")


class RuleForm(FlaskForm):  # type: ignore[misc]
    position = IntegerField(
        _l("Order"), [InputRequired(), NumberRange(0, 9999)],
        description=_l("Rules are tried from the least number on; the first that fits holds."),
    )  # fmt: skip
    sign = SelectField(_l("It fits where"), choices=offered(SIGN_LABELS), coerce=Sign)
    pattern = StringField(_l("Signs"), [InputRequired(), Length(max=60)], filters=[_clean])
    verdict = SelectField(_l("Then"), choices=offered(VERDICT_LABELS), coerce=Verdict)
    reason = StringField(_l("Reason"), [InputRequired(), Length(max=200)], filters=[_clean])
    valid_from = DateField(_l("Valid from"), [Optional()], description=_l("Empty: always was."))
    valid_until = DateField(_l("Valid until"), [Optional()])

    def show(self, rule: EligibilityRule) -> None:
        """A shipped reason is shown in the reader's words."""
        if not self.is_submitted():
            self.reason.data = translated(rule.reason)

    def values(self, rule: EligibilityRule) -> dict[str, Any]:
        """A shipped reason that nobody changed stays what it is, to be read in both languages."""
        given = {field.name: field.data for field in self if field.name != "csrf_token"}
        if rule.reason and given["reason"] == translated(rule.reason):
            given["reason"] = rule.reason
        return given
