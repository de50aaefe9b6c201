"""Who sees and keeps the tree of areas; it is one for the whole department."""

from flask_babel import lazy_gettext as _l

from app.core.permissions import Grantable
from app.employers.areas.models import AreaKind

#: from the top of the tree down: an area stands below one of an earlier kind
LEVELS = tuple(AreaKind)


class Permission(Grantable):
    VIEW = "areas:view", _l("See the areas and how many target firms each has")
    EDIT = "areas:edit", _l("Keep the tree of areas")


def may_stand_below(kind: AreaKind, above: AreaKind) -> bool:
    """A building is in a park or street, a street in a district; never the other way round."""
    return LEVELS.index(kind) > LEVELS.index(above)
