"""Parts that features put on each other's pages, rendered each with its own names."""

from collections.abc import Iterable
from typing import Any

from flask import render_template
from markupsafe import Markup

from app.core.features import Panel, WorkspaceCard
from app.core.permissions import Actor, may


def employer_panels(panels: Iterable[Panel], employer: Any, actor: Actor) -> list[Markup]:
    """The panels of an employer's page that the actor may see; a template also knows `employer`."""
    return [
        _rendered(panel.template, employer=employer, **panel.load(employer, actor))
        for panel in panels
        if may(actor, panel.permission)
    ]


def contact_panels(panels: Iterable[Panel], contact: Any, actor: Actor) -> list[Markup]:
    """The same for a person's page; a template also knows `contact`."""
    return [
        _rendered(panel.template, contact=contact, **panel.load(contact, actor))
        for panel in panels
        if may(actor, panel.permission)
    ]


def workspace_cards(cards: Iterable[WorkspaceCard], actor: Actor) -> list[Markup]:
    """The cards of "my day" that the actor may see."""
    return [_rendered(card.template, **card.load(actor)) for card in cards if may(actor, card.permission)]


def _rendered(template: str, **names: Any) -> Markup:
    return Markup(render_template(template, **names))  # noqa: S704 - the template has escaped what it shows
