"""Who sees and brings decisions on relief, and for how long one may hold."""

from flask_babel import lazy_gettext as _l

from app.core.permissions import Grantable


class Permission(Grantable):
    VIEW = "relief:view", _l("See decisions on deferment and rate reduction")
    IMPORT = "relief:import", _l("Import decisions on deferment and rate reduction")


#: months; for longer the employer applies again
LONGEST = 12
