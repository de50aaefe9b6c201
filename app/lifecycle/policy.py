"""Who moves an employer from stage to stage."""

from flask_babel import lazy_gettext as _l

from app.core.permissions import Grantable


class Permission(Grantable):
    MOVE = "lifecycle:move", _l("Move employers from stage to stage")
    DISMISS = "lifecycle:dismiss", _l("Set leads aside and take them up again")
    CLOSE = "lifecycle:close", _l("Seal, reopen and close employers' accounts")
    CORRECT_CLOSED = "lifecycle:correct_closed", _l("Correct the facts of employers whose account is closed")
