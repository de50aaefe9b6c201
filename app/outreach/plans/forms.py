"""What a plan is worked out from."""

from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DecimalField, IntegerField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from app.core.forms.decimals import Places
from app.core.rules.rates import Group, bounds
from app.employers.models import Employer

#: how many groups the form has lines for
LINES = 3


def _wage(*needed: Any) -> DecimalField:
    return DecimalField(_l("Average wage of last year"), [*needed, Places(2), NumberRange(1, 1_000_000)])


def _rate(label: Any) -> DecimalField:
    return DecimalField(label, [InputRequired(), Places(2), NumberRange(0, 100)], default=Decimal(5))


class PlanForm(FlaskForm):  # type: ignore[misc]
    heads_1 = IntegerField(_l("Employees"), [InputRequired(), NumberRange(1, 1_000_000)])
    wage_1 = _wage(InputRequired())
    heads_2 = IntegerField(_l("Employees"), [Optional(), NumberRange(1, 1_000_000)])
    wage_2 = _wage(Optional())
    heads_3 = IntegerField(_l("Employees"), [Optional(), NumberRange(1, 1_000_000)])
    wage_3 = _wage(Optional())
    employer_rate = _rate(_l("Employer's rate, per cent"))
    employee_rate = _rate(_l("Employees' rate, per cent"))
    note = StringField(_l("Note"), [Optional(), Length(max=500)])

    def prefill(self, employer: Employer) -> None:
        """What is known of the employer: its insured employees, or those that contribute."""
        self.heads_1.data = employer.insured_heads or employer.heads

    def validate(self, extra_validators: Any = None) -> bool:
        """A line that says only one of its two figures is not left out: the missing one is asked for."""
        fine = bool(super().validate(extra_validators)) and self._rates_allowed()
        for number in range(2, LINES + 1):
            heads, wage = self[f"heads_{number}"], self[f"wage_{number}"]
            missing = wage if heads.data and wage.data is None else heads
            if not (heads.errors or wage.errors) and (heads.data is None) != (wage.data is None):
                said = _("Say the other figure of this line as well, or empty both.")
                missing.errors = [*missing.errors, said]
                fine = False
        return fine

    def _rates_allowed(self) -> bool:
        """Said at the field, so that nothing typed is lost."""
        within = bounds()
        fields = zip((self.employer_rate, self.employee_rate), self.rates, strict=True)
        out = [field for field, rate in fields if not within.allows(rate)]
        lowest, highest = (f"{rate * 100:.0f}" for rate in (within.lowest_rate, within.highest_rate))
        for field in out:
            said = _("A rate lies between %(low)s %% and %(high)s %%.", low=lowest, high=highest)
            field.errors = [*field.errors, said]
        return not out

    @property
    def groups(self) -> list[Group]:
        """The lines that are filled in."""
        lines = [(self[f"heads_{n}"].data, self[f"wage_{n}"].data) for n in range(1, LINES + 1)]
        return [Group(heads, wage) for heads, wage in lines if heads and wage]

    @property
    def rates(self) -> tuple[Decimal, Decimal]:
        """Of employer and employees, as fractions."""
        return (self.employer_rate.data or Decimal(0)) / 100, (self.employee_rate.data or Decimal(0)) / 100
