"""Writing down what was found out."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l

from app.core import timeline
from app.core.db import db
from app.core.errors import DomainError
from app.core.language.i18n import msgid, msgid_of
from app.core.permissions import Actor
from app.employers.models import Employer
from app.leads.findings.models import SUBJECT_LABELS, LeadFinding

FOUND = msgid("Found out: %(subject)s (%(source)s)")


def note(employer: Employer, values: Mapping[str, Any], actor: Actor) -> LeadFinding:
    """Adds a finding; what was found before stays as history."""
    if not values["content"].strip():
        raise DomainError(_l("Say what was found out."))
    made = LeadFinding(**values, employer_id=employer.id, by_id=actor.id)
    db.session.add(made)
    subject = {"msgid": msgid_of(SUBJECT_LABELS[made.subject])}
    words = {"subject": subject, "source": made.source, "comment": made.content}
    timeline.record(employer.id, "lead", FOUND, params=words, actor=actor)
    db.session.flush()
    return made
