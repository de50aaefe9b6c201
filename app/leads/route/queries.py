"""The leads of an area, and those chosen for a day."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from flask_babel import lazy_gettext as _l
from sqlalchemy import func
from sqlalchemy.orm import contains_eager, selectinload

from app.core.db import db
from app.core.errors import DomainError, NotFound
from app.core.permissions import Actor
from app.employers.areas.queries import areas_below
from app.employers.models import Employer
from app.leads.ledger.lists import OWNER
from app.leads.ledger.models import Lead
from app.leads.ledger.queries import select_leads
from app.leads.pool.policy import ROUTE_STOPS

#: how many leads a page offers: a phone shows each as a card
PAGE = 15
MINE, FREE = "mine", "free"


@dataclass(frozen=True)
class Offer:
    """A page of the leads of an area, and which page of how many."""

    leads: Sequence[Lead]
    page: int
    pages: int
    total: int


def offered(area_id: int | None, whose: str, page: int, actor: Actor) -> Offer:
    """The leads of an area and of all in it, first those of the ledger; beyond the last page, the last."""
    query = select_leads(actor)
    if area_id is not None:
        query = query.where(Employer.area_id.in_(areas_below([area_id])))
    if whose == MINE:
        query = query.where(Employer.owner_id == actor.id)
    elif whose == FREE:
        query = query.where(Employer.owner_id.is_(None))
    count = query.with_only_columns(func.count(), maintain_column_froms=True)
    total = db.session.scalar(count) or 0
    pages = max(1, -(-total // PAGE))
    page = min(max(1, page), pages)
    rows = (
        query.options(OWNER).order_by(Lead.rank.desc(), Lead.id.desc()).limit(PAGE).offset((page - 1) * PAGE)
    )
    return Offer(db.session.scalars(rows).all(), page, pages, total)


def chosen(lead_ids: Collection[int], actor: Actor) -> Sequence[Lead]:
    """The leads of a day with their contacts, by their address; refuses more than a day holds.

    NotFound when one of them is out of reach or left the ledger.
    """
    most, wanted = ROUTE_STOPS.value(), set(lead_ids)
    if not wanted:
        raise DomainError(_l("Choose at least one firm."))
    if len(wanted) > most:
        raise DomainError(_l("A day of visits holds at most %(most)s firms: choose fewer.", most=most))
    contacts = contains_eager(Lead.employer).selectinload(Employer.contacts)
    query = select_leads(actor).where(Lead.id.in_(wanted)).options(contacts, OWNER)
    query = query.options(selectinload(Lead.listings))
    found = db.session.scalars(query.order_by(Employer.area_id, Employer.address, Lead.id)).unique().all()
    if len(found) < len(wanted):
        raise NotFound(_l("There is no such lead in the ledger."))
    return found
