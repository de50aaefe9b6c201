"""The manifest of expected files."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, true

from app.core.features import Feature
from app.core.handing_over import Matter
from app.core.jobs import DailyAt
from app.core.permissions import LEADERS
from app.imports.expected import demo
from app.imports.expected.jobs import ask_for_missing_files
from app.imports.expected.models import ImportExpectation
from app.imports.expected.views import blueprint
from app.imports.policy import Permission

feature = Feature(
    name="import_expected",
    matters=(
        Matter(
            "expected_files",
            _l("Expected files"),
            ImportExpectation,
            ImportExpectation.owner_id,
            true,
            func.coalesce(ImportExpectation.source, ImportExpectation.spec),
        ),
    ),
    blueprint=blueprint,
    demo=demo.load,
    grants={Permission.EXPECT: LEADERS},
    schedule=(DailyAt("07:40", ask_for_missing_files),),
)
