"""The worklist of corrections."""

from collections.abc import Sequence

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from app.core.db import db
from app.core.permissions import Actor
from app.employers.models import Contact, Employer
from campaigns.notices.corrections.models import Correction, CorrectionState, Subject
from campaigns.notices.corrections.policy import visible_to
from campaigns.notices.queries import Notice


def listed(actor: Actor | None) -> Select[Correction]:
    """All in reach, with the employers' and the people's names."""
    return (
        select(Correction)
        .where(visible_to(actor))
        .join(Employer, Employer.id == Correction.employer_id)
        .options(
            joinedload(Correction.employer).load_only(Employer.id, Employer.name),
            joinedload(Correction.contact).load_only(Contact.id, Contact.name),
        )
    )


def number_is_checked(contact_id: int) -> bool:
    """Whether somebody is still checking another number of this person."""
    query = select(Correction.id).where(
        Correction.contact_id == contact_id,
        Correction.subject == Subject.MOBILE,
        Correction.state == CorrectionState.PROPOSED,
    )
    return db.session.scalar(query.limit(1)) is not None


def open_ones(notice: Notice) -> Sequence[Correction]:
    """What the reader of a notice proposed and nobody has decided."""
    query = select(Correction).where(
        Correction.notice_source == notice.source,
        Correction.notice_id == notice.record.id,
        Correction.state == CorrectionState.PROPOSED,
    )
    return db.session.scalars(query.order_by(Correction.id)).all()
