"""The manifest of print batches."""

from flask_babel import lazy_gettext as _l

from app.core.features import Feature, GuardFor, NavItem, TimelineKind
from app.core.files.attachable import RecordKind
from campaigns.channels.letter.issued.policy import Permission
from campaigns.channels.letter.policy import Permission as Outline
from campaigns.ledger.printing.models import PrintBatch
from campaigns.ledger.printing.policy import visible_to
from campaigns.ledger.printing.views import blueprint
from campaigns.ledger.printing.workflow import PRINT_BATCH, is_back_from_print

feature = Feature(
    name="printing",
    blueprint=blueprint,
    navigation=(NavItem(_l("Print batches"), "printing.index", Outline.VIEW, "printer", "outreach", 39),),
    workflows=(PRINT_BATCH,),
    guards=(GuardFor("letter", "post", is_back_from_print),),
    timeline_kinds=(TimelineKind("print_batch", _l("Print batch"), "printer", Outline.VIEW),),
    record_kinds=(
        RecordKind(
            "print_batch",
            _l("Print batch"),
            PrintBatch,
            visible_to,
            view=Outline.VIEW,
            attach=Permission.FOLLOW,
            remove=Permission.ISSUE,
            employer_id=lambda _batch: None,
            title=lambda batch: f"{batch.campaign.name} {batch.number}",
            endpoint="printing.show",
        ),
    ),
)
