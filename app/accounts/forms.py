"""The forms of user and branch administration."""

from collections.abc import Sequence

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import SelectField, SelectMultipleField, StringField
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from app.accounts import queries
from app.accounts.models import Branch
from app.accounts.policy import within
from app.core.forms.choices import offered
from app.core.permissions import ROLE_LABELS, SCOPE_LABELS, Actor, Role, Scope


class UserForm(FlaskForm):  # type: ignore[misc]
    """For an existing user the user name is shown but not asked: it stays what it was."""

    username = StringField(
        _l("User name"),
        [InputRequired(), Length(max=60)],
        description=_l("Small letters, digits, dots, - and _; it cannot be changed later."),
        render_kw={"autocomplete": "off", "autocapitalize": "none"},
    )
    name = StringField(_l("Full name"), [InputRequired(), Length(max=120)])
    mobile = StringField(_l("Mobile number"), [Optional(), Length(max=20)], render_kw={"inputmode": "tel"})
    branch_id = SelectField(_l("Branch"), coerce=int)
    scope = SelectField(_l("Reach"), coerce=Scope, description=_l("Which employers' records the user sees."))
    roles = SelectMultipleField(
        _l("Roles"),
        coerce=Role,
        choices=offered(ROLE_LABELS),
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )

    def offer(self, actor: Actor) -> "UserForm":
        """Offers the branches and scopes that the actor may give."""
        self.branch_id.choices = offered(branch_choices(queries.branches(actor)))
        reach = ((s, label) for s, label in SCOPE_LABELS.items() if within(s, actor.scope))
        self.scope.choices = offered(reach)
        return self


class BranchForm(FlaskForm):  # type: ignore[misc]
    code = StringField(_l("Code"), [InputRequired(), Length(max=20)])
    name = StringField(_l("Name"), [InputRequired(), Length(max=120)])
    parent_id = SelectField(_l("Belongs to"), coerce=int)

    def offer(self, actor: Actor, moving: Branch | None = None) -> "BranchForm":
        """Offers the branches it may belong to: not itself and none below itself."""
        found = [b for b in queries.branches(actor) if not (moving and b.path.startswith(moving.path))]
        self.parent_id.choices = offered(branch_choices(found))
        return self


def branch_choices(branches: Sequence[Branch]) -> list[tuple[int, str]]:
    """The tree as a flat list, indented by depth."""
    return [(b.id, "　" * queries.depth(b) + b.name) for b in branches]
