"""What people say when they begin an escalation, ask to pass steps over, or pass it on."""

from collections.abc import Iterable
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import SelectField, TextAreaField
from wtforms.validators import InputRequired, Length

from app.accounts.models import User
from app.core.forms.choices import offered
from app.core.permissions import ROLE_LABELS

_WORDS = [InputRequired(), Length(max=1000)]


class ReasonForm(FlaskForm):  # type: ignore[misc]
    """For many employers at once."""

    reason = TextAreaField(
        _l("Why service alone does not lead on"),
        description=_l("What it was asked for, and what it answered or refused."),
        validators=_WORDS,
    )


class BeginForm(ReasonForm):
    origin = SelectField(_l("What is pursued"))

    def offer(self, origins: Iterable[tuple[str, Any]]) -> None:
        self.origin.choices = offered(origins)


class SkipForm(FlaskForm):  # type: ignore[misc]
    target = SelectField(_l("Go on with"))
    reason = TextAreaField(_l("Why steps are to be passed over"), validators=_WORDS)

    def offer(self, targets: Iterable[tuple[str, Any]]) -> None:
        self.target.choices = offered(targets)


class PassOnForm(FlaskForm):  # type: ignore[misc]
    holder_id = SelectField(_l("Pass on to"), coerce=int)

    def offer(self, users: Iterable[User]) -> None:
        """With what each may do: who carries it now may have no say in the step that comes."""
        self.holder_id.choices = offered((user.id, _named(user)) for user in users)


def _named(user: User) -> str:
    roles = " · ".join(str(words) for role, words in ROLE_LABELS.items() if role in user.role_set)
    return str(_("%(name)s (%(roles)s)", name=user.name, roles=roles))
