"""What a form demands of a decimal before it reaches a column that keeps whole fen or ten-thousandths."""

from typing import Any

from flask_babel import gettext as _
from wtforms.validators import StopValidation

#: digits before the point; whatever is longer is a slip, and fits no column once it is scaled
MOST_DIGITS = 13


class Places:
    """Demands a finite number of at most `most` decimal places; zeros at the end do not count.

    Stands before NumberRange, which cannot compare what is no number. Refuses the field with a message.
    """

    def __init__(self, most: int) -> None:
        self.most = most

    def __call__(self, form: Any, field: Any) -> None:
        value = field.data
        if value is None:
            return
        if not value.is_finite():
            raise StopValidation(_("Give a number."))
        if value == 0:
            return
        if value.adjusted() >= MOST_DIGITS:
            raise StopValidation(_("The number is too large."))
        _sign, digits, exponent = value.as_tuple()
        written = "".join(map(str, digits))
        # by the digits themselves: Decimal's own arithmetic would round a long one until it fits
        if len(written.rstrip("0")) - len(written) - exponent > self.most:
            raise StopValidation(_("Give at most %(most)s decimal places.", most=self.most))
