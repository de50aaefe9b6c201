"""Which firms of a registry file are already known."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import select

from app.core.db import among, db
from app.core.permissions import Actor
from app.employers.models import Employer
from app.employers.policy import in_reach

#: columns that the registry sets on an employer
REGISTERED = (
    "name",
    "established_on",
    "registry_type",
    "registered_capital",
    "business_scope",
    "address",
)


def firms_by_code(codes: Collection[str], actor: Actor | None) -> dict[str, Mapping[str, Any]]:
    """Employers of all branches by credit code; `within_reach` says whether the actor may know of them.

    A record that was merged into another still has its code: `merged_into_id` says so.
    """
    columns = (
        Employer.id,
        Employer.uscc,
        Employer.name_key,
        Employer.merged_into_id,
        *(getattr(Employer, one) for one in REGISTERED),
    )
    query = select(*columns, in_reach(actor).label("within_reach")).where(among(Employer.uscc, codes))
    return {row["uscc"]: dict(row) for row in db.session.execute(query).mappings()}
