"""What speaks for two records being one person, and who sees it."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, and_, select

from app.core.permissions import Actor
from app.employers.doubles.models import ContactPair
from app.employers.models import Contact
from app.employers.people.policy import editable_by

#: What each rule adds to the score of a pair.
WEIGHTS = {
    "id_number": 80,
    "mobile": 40,
    "same_name": 25,
    "same_employer": 25,
    "other_name": -20,
    "other_id_number": -100,
}
RULE_LABELS = {
    "id_number": _l("Same ID number"),
    "mobile": _l("Same mobile number"),
    "same_name": _l("Same name"),
    "same_employer": _l("Both serve, or served, one employer"),
    "other_name": _l("The names differ"),
    "other_id_number": _l("Both have an ID number, and the numbers differ"),
}
#: A pair is listed from this score on; at the second it is all but certain.
LISTED, CERTAIN = 40, 65
#: What more people than this have in common (the telephone of an agency) tells nothing.
CROWD = 10


def pair_visible_to(actor: Actor | None) -> ColumnElement[bool]:
    """Pairs of two people whom the actor may both correct, none of them merged."""
    mine = select(Contact.id).where(editable_by(actor))
    return and_(ContactPair.first_id.in_(mine), ContactPair.second_id.in_(mine))
