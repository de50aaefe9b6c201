"""The forms of test sends."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import RadioField, SelectField, SelectMultipleField
from wtforms.validators import InputRequired
from wtforms.widgets import CheckboxInput, ListWidget

from app.core.forms.choices import offered
from app.core.language.formats import masked_phone
from app.core.permissions import Actor
from campaigns.ledger.trials.queries import candidates, readers

LONGEST = "longest"


class TrialForm(FlaskForm):  # type: ignore[misc]
    readers = SelectMultipleField(
        _l("To whom"), [InputRequired()], coerce=int, widget=ListWidget(), option_widget=CheckboxInput()
    )
    which = RadioField(
        _l("Which text"),
        choices=offered(
            [
                ("sample", _l("For an employer that is made up")),
                (LONGEST, _l("The longest one of the audience")),
            ]
        ),
        default="sample",
    )

    @classmethod
    def of(cls, actor: Actor) -> "TrialForm":
        """With the listed colleagues in reach."""
        form = cls()
        named = [(one.user_id, f"{one.user.name} {masked_phone(one.user.mobile)}") for one in readers(actor)]
        form.readers.choices = offered(named)
        return form


class ReaderForm(FlaskForm):  # type: ignore[misc]
    user_id = SelectField(_l("Colleague with a mobile number"), coerce=int)

    @classmethod
    def of(cls, actor: Actor) -> "ReaderForm":
        """With those who are not listed yet."""
        form = cls()
        form.user_id.choices = offered([(one.id, one.name) for one in candidates(actor)])
        return form
