"""What is asked about a rule."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, IntegerField
from wtforms.validators import InputRequired


class RuleForm(FlaskForm):  # type: ignore[misc]
    months = IntegerField(_l("Months to keep"), validators=[InputRequired()])
    enabled = BooleanField(_l("Carried out every night"))
