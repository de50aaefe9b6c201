"""What people enter of who answers for unpaid months."""

from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, DecimalField, SelectField, StringField
from wtforms.validators import InputRequired, Length, NumberRange

from app.core.clock import today
from app.core.forms.choices import offered
from app.core.forms.decimals import Places
from app.core.permissions import Actor
from app.employers.forms import not_in_the_future
from app.employers.models import Employer
from app.lifecycle.liability.queries import successors


class PaidForm(FlaskForm):  # type: ignore[misc]
    on = DateField(_l("On the day"), [InputRequired(), not_in_the_future], default=today)
    proof = StringField(_l("Document with number and date"), [InputRequired(), Length(max=200)])


class AgreeForm(PaidForm):
    successor_id = SelectField(_l("Answering employer"), coerce=int)
    percent = DecimalField(
        _l("Share in per cent"), [InputRequired(), Places(2), NumberRange(Decimal("0.01"), 100)],
        default=Decimal(100), places=2,
    )  # fmt: skip

    def offer(self, employer: Employer, actor: Actor) -> bool:
        """Whether anybody can answer for it."""
        found = [(one.id, one.name) for one in successors(employer, actor)]
        self.successor_id.choices = offered(found)
        return bool(found)

    @property
    def share(self) -> Decimal:
        """Only of a valid form."""
        given: Any = self.percent.data
        return Decimal(given) / 100
