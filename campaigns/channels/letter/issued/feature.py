"""The manifest of issued letters."""

from typing import Any

from flask import Flask
from flask_babel import lazy_gettext as _l

from app.core.escalating import EvidenceKind, Step
from app.core.features import Feature, NavItem, Panel, TimelineKind
from app.core.files.attachable import RecordKind
from app.core.merging.moving import Mover
from app.core.permissions import Actor, may
from app.core.personal.retaining import people_forgotten
from campaigns.channels.letter import queries as outlines
from campaigns.channels.letter.issued import queries
from campaigns.channels.letter.issued.cli import group
from campaigns.channels.letter.issued.models import Letter
from campaigns.channels.letter.issued.policy import GRANTS, Permission, visible_to
from campaigns.channels.letter.issued.services import forget_people
from campaigns.channels.letter.issued.views import blueprint
from campaigns.channels.letter.issued.workflow import LETTER
from campaigns.channels.letter.policy import Permission as Outline


def _panel(employer: Any, actor: Actor) -> dict[str, Any]:
    return {
        "letters": queries.of_employer(employer.id),
        "outlines": outlines.offered() if may(actor, Permission.ISSUE) else (),
        "workflow": LETTER,
    }


def init(_app: Flask) -> None:
    """Whoever is forgotten is forgotten here too."""
    people_forgotten.connect(forget_people)


_CONTACT = frozenset({Step.CONTACT})

feature = Feature(
    name="letters",
    blueprint=blueprint,
    init=init,
    grants=GRANTS,
    workflows=(LETTER,),
    cli=group,
    navigation=(
        NavItem(
            _l("Letters and document numbers"),
            "letters.index",
            Outline.VIEW,
            "envelope-paper",
            "outreach",
            39,
        ),
    ),
    panels=(
        Panel("letters", _l("Letters"), "campaigns/letter/panel.html", _panel, Outline.VIEW, 72, later=True),
    ),
    timeline_kinds=(TimelineKind("letter", _l("Letter"), "envelope-paper", Outline.VIEW, contact=True),),
    record_kinds=(
        RecordKind(
            "letter",
            _l("Letter"),
            Letter,
            visible_to,
            view=Outline.VIEW,
            attach=Permission.FOLLOW,
            remove=Permission.FOLLOW,
            employer_id=lambda letter: letter.employer_id,
            title=lambda letter: letter.number,
            endpoint="letters.show",
        ),
    ),
    evidence=(
        EvidenceKind(
            "letter_received",
            _l("Letter received"),
            _CONTACT,
            queries.arrived_since,
            _CONTACT,
            "letters.show",
        ),
        EvidenceKind(
            "letter_sent",
            _l("Letter sent"),
            frozenset({Step.URGE}),
            queries.sent_since,
            endpoint="letters.show",
        ),
    ),
    movers=(Mover("letters", _l("Letters"), anchor="letters"),),
)
