"""The forms of the door and of one's own account."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import PasswordField, SelectField, StringField
from wtforms.validators import EqualTo, InputRequired, Length, Optional

from app.core.forms.choices import offered
from app.core.language.i18n import LOCALES
from app.core.signing_in.passwords import LONGEST


class SignInForm(FlaskForm):  # type: ignore[misc]
    username = StringField(
        _l("User name"),
        [InputRequired(), Length(max=60)],
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    )
    password = PasswordField(
        _l("Password"), [InputRequired(), Length(max=LONGEST)], render_kw={"autocomplete": "current-password"}
    )


class CodeForm(FlaskForm):  # type: ignore[misc]
    code = StringField(
        _l("Verification code"),
        [InputRequired(), Length(max=20)],
        render_kw={"autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false"},
    )


class PasswordForm(FlaskForm):  # type: ignore[misc]
    current = PasswordField(
        _l("Current password"),
        [InputRequired(), Length(max=LONGEST)],
        render_kw={"autocomplete": "current-password"},
    )
    new = PasswordField(
        _l("New password"),
        [InputRequired(), Length(max=LONGEST)],
        description=_l("At least 8 characters of three kinds: capitals, small letters, digits, signs."),
        render_kw={"autocomplete": "new-password"},
    )
    again = PasswordField(
        _l("New password again"),
        [InputRequired(), EqualTo("new", message=_l("The two new passwords differ."))],
        render_kw={"autocomplete": "new-password"},
    )


class ProfileForm(FlaskForm):  # type: ignore[misc]
    mobile = StringField(
        _l("Mobile number"),
        [Optional(), Length(max=20)],
        render_kw={"inputmode": "tel", "autocomplete": "tel"},
    )
    locale = SelectField(_l("Language"), choices=offered(LOCALES))
