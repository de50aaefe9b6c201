"""The manifest of imports."""

from flask_babel import lazy_gettext as _l

from app.core.features import Feature, NavItem
from app.core.files.attachable import RecordKind
from app.core.finds import SearchKind
from app.core.jobs import Every
from app.core.merging.moving import Mover
from app.core.permissions import LEADERS, Role
from app.core.personal.retaining import Retention
from app.core.proofs import Proof
from app.core.searching import rows_of
from app.imports.cli import group
from app.imports.jobs import clear, sweep_batches
from app.imports.lists import IMPORTS
from app.imports.models import ImportBatch
from app.imports.policy import Permission, visible_to
from app.imports.queries import over_since
from app.imports.rows.queries import check
from app.imports.views import blueprint
from app.imports.workflow import SWEEP

ADMINISTRATORS = (Role.SECURITY_ADMIN, Role.SYSTEM_ADMIN)

feature = Feature(
    name="imports",
    blueprint=blueprint,
    navigation=(
        NavItem(_l("Imports"), "imports.index", Permission.VIEW, "box-arrow-in-down", "employers", 80),
    ),
    grants={
        # a security administrator imports staff lists, a system administrator codes, and nothing else
        Permission.VIEW: (Role.SPECIALIST, Role.ENFORCEMENT_OFFICER, *LEADERS, *ADMINISTRATORS),
        Permission.RUN: (Role.SPECIALIST, *LEADERS, *ADMINISTRATORS),
        Permission.UNDO: (Role.SPECIALIST, *LEADERS, *ADMINISTRATORS),
    },
    retention=(
        Retention(
            "imports",
            _l("Imported files and their rows"),
            _l(
                "Counted from the end of the import: the file, the rejected rows and the notes for undoing "
                "are deleted. The import stays with its counts; it cannot be undone any more."
            ),
            over_since,
            clear,
            months=12,
            least=1,
            batch=1,
        ),
    ),
    search=(
        SearchKind(
            "imports",
            _l("Imports"),
            "imports.index",
            rows_of(IMPORTS, "file_name", about=("spec", "state", "created_at")),
            order=60,
        ),
    ),
    proofs=(Proof("imports", "import", check),),
    schedule=(Every(int(SWEEP.total_seconds()), sweep_batches),),
    record_kinds=(
        RecordKind(
            "import",
            _l("Import"),
            ImportBatch,
            visible_to,
            view=Permission.VIEW,
            attach=Permission.VIEW,
            remove=Permission.VIEW,
            employer_id=lambda _batch: None,
            title=lambda batch: batch.file_name,
            endpoint="imports.show",
            argument="batch_id",
        ),
    ),
    movers=(
        Mover("import_rows", _l("Imported rows"), "record_id", stays=_l("They tell what a file did then.")),
    ),
    cli=group,
)
