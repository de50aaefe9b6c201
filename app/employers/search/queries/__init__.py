"""Finding employers and their people."""

from app.employers.search.queries.box import search, spoken
from app.employers.search.queries.people import PersonHit, people
from app.employers.search.queries.ways import FEW, count_matching, matching

__all__ = ["FEW", "PersonHit", "count_matching", "matching", "people", "search", "spoken"]
