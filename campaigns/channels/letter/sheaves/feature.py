"""The manifest of sheaves."""

from flask_babel import lazy_gettext as _l

from app.core.features import Feature
from app.core.files.attachable import RecordKind
from campaigns.channels.letter.issued.models import Sheaf
from campaigns.channels.letter.issued.policy import Permission
from campaigns.channels.letter.policy import Permission as Outline
from campaigns.channels.letter.sheaves.queries import visible_to
from campaigns.channels.letter.sheaves.views import blueprint

feature = Feature(
    name="sheaves",
    blueprint=blueprint,
    record_kinds=(
        RecordKind(
            "letter_sheaf",
            _l("Letters set together"),
            Sheaf,
            visible_to,
            view=Outline.VIEW,
            attach=Permission.ISSUE,
            remove=Permission.ISSUE,
            employer_id=lambda _sheaf: None,
            title=lambda sheaf: str(sheaf.made_at.date()),
            endpoint="sheaves.pdf",
        ),
    ),
)
