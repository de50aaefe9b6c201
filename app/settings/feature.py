"""The manifest of the department's settings."""

from flask_babel import lazy_gettext as _l

from app.core import signals
from app.core.features import Feature, NavItem
from app.settings import demo
from app.settings.code_files.forms import CODES
from app.settings.code_files.services import in_use
from app.settings.policy import GRANTS, Permission
from app.settings.views import bp

signals.records_going.connect(in_use)

feature = Feature(
    name="settings",
    blueprint=bp,
    navigation=(
        NavItem(_l("Working days"), "settings.working_days", Permission.VIEW, "calendar3", "rules", 50),
        NavItem(_l("Deadlines and limits"), "settings.options", Permission.VIEW, "sliders", "rules", 55),
        NavItem(_l("Legal basis"), "settings.legal_bases", Permission.VIEW, "journal-bookmark", "rules", 60),
        NavItem(_l("Code tables"), "settings.codes", Permission.VIEW, "list-columns", "rules", 65),
    ),
    grants=GRANTS,
    import_specs=(CODES,),
    demo=demo.load,
)
