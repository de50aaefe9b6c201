"""The manifest of sources: the card on the employer's page, and a field for lists."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import exists

from app.core.criteria.fields import choices_of
from app.core.criteria.trees import Field, Kind
from app.core.features import Feature, Panel
from app.core.merging.moving import Mover
from app.core.permissions import Actor
from app.employers.models import SOURCE_LABELS, Employer
from app.employers.policy import Permission
from app.employers.sources.models import EmployerSource
from app.employers.sources.queries import mentions
from app.employers.sources.views import blueprint

#: sources whose words are rows of `employer_sources`
LISTED = ("bank", "social_insurance", "tip", "partner")


def load_panel(employer: Employer, _actor: Actor) -> Mapping[str, Any]:
    """Who named the employer, from the latest to the first."""
    return {"mentions": mentions(employer)}


feature = Feature(
    name="sources",
    blueprint=blueprint,
    panels=(
        Panel(
            "sources",
            _l("Sources"),
            "employers/sources/_panel.html",
            load_panel,
            Permission.VIEW,
            40,
            later=True,
        ),
    ),
    employer_fields=(
        Field(
            "named_by",
            _l("Named by"),
            Kind.CHOICE,
            EmployerSource.source,
            choices=choices_of({name: SOURCE_LABELS[name] for name in LISTED}),
            within=lambda found: exists().where(EmployerSource.employer_id == Employer.id, found),
        ),
        Field("listed_on", _l("Last on a list"), Kind.DATE, Employer.listed_on),
    ),
    movers=(
        Mover("employer_sources", _l("Sources"), distinct=("source", "as_of", "told_by"), anchor="sources"),
    ),
)
