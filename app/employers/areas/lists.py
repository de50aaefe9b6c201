"""The area as a field of criteria, a place and everything in it; and as a find of the search box."""

from flask import url_for
from flask_babel import lazy_gettext as _l

from app.core.criteria.trees import Field, Kind
from app.core.finds import Found, Hit
from app.core.language.text import search_key
from app.core.links import url_if
from app.core.permissions import Actor
from app.core.searching import said
from app.employers.areas.models import AREA_KIND_LABELS
from app.employers.areas.queries import area_choices, areas_below, tree
from app.employers.lists import IDENTITY
from app.employers.models import Employer

PLACE = Field(
    "place", _l("Place in the tree of areas"), Kind.AREA, Employer.area_id,
    choices=area_choices, below=areas_below, group=IDENTITY,
)  # fmt: skip


def find_areas(text: str, _actor: Actor, most: int) -> Found:
    """Areas by name, pinyin or code, as the tree reads; each leads to its firms in the reader's reach."""
    needle = search_key(text)
    found = [area for area in tree() if said(needle, area.name) or area.code.casefold().startswith(needle)]
    hits = [
        Hit(
            area.name,
            url_if("employers.index", **{"place.under": area.id}),
            [str(AREA_KIND_LABELS[area.kind]), area.code],
        )
        for area in found[:most]
    ]
    return Found(hits, len(found), False, url_for("areas.index"))
