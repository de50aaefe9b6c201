"""The manifest of areas."""

from flask_babel import lazy_gettext as _l

from app.core.features import Feature, NavItem
from app.core.finds import SearchKind
from app.core.jobs import DailyAt
from app.core.permissions import LEADERS, OFFICE
from app.employers.areas import demo
from app.employers.areas.forms import AREAS
from app.employers.areas.jobs import place_by_name
from app.employers.areas.lists import PLACE, find_areas
from app.employers.areas.policy import Permission
from app.employers.areas.views import blueprint

feature = Feature(
    name="areas",
    blueprint=blueprint,
    demo=demo.load,
    navigation=(NavItem(_l("Areas"), "areas.index", Permission.VIEW, "map", "records", 50),),
    grants={Permission.VIEW: OFFICE, Permission.EDIT: LEADERS},
    employer_fields=(PLACE,),
    search=(SearchKind("areas", _l("Areas"), "areas.index", find_areas, order=50),),
    import_specs=(AREAS,),
    schedule=(DailyAt("05:20", place_by_name),),
)
