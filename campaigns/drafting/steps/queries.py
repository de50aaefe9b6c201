"""What keeps the letter of a follow-up step from leaving. Nothing here writes."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l

from campaigns.channels.letter import text
from campaigns.channels.letter.models import LetterTemplate, LetterVersion
from campaigns.channels.letter.queries import current_version, offered, outline_named
from campaigns.drafting.models import CampaignStep, StepKind
from campaigns.drafting.steps.policy import FILLED_IN


def outlines() -> Sequence[LetterTemplate]:
    """What a step can send: outlines that ask nothing of an author, since a step has none."""
    return [one for one in offered() if (version := current_version(one)) and not _unfilled(version)]


def outline_objections(code: str | None, on: date) -> list[Any]:
    """Why no letter of this outline could leave, whoever it is for."""
    version = outline_named(code) if code else None
    if version is None:
        return [_l("Choose the outline of the letter.")]
    reasons = [
        _l("No step can fill in “%(label)s” of the letter: choose another outline.", label=label)
        for label in _unfilled(version)
    ]
    return reasons + [
        _l("Nobody has confirmed the wording of %(basis)s: an administrator does it.", basis=basis)
        for basis in text.unconfirmed(text.wording(version), on)
    ]


def objections(steps: Sequence[CampaignStep], deadline: date | None, on: date) -> list[Any]:
    """The same of all letters among the steps of a campaign with this deadline."""
    reasons: list[Any] = []
    for step in steps:
        if step.kind is StepKind.LETTER:
            reasons += outline_objections(step.outline, on)
            if deadline is None and _names_deadline(step.outline):
                reasons.append(_l("The letter of the follow-up names a deadline: please give the day."))
    return reasons


def _unfilled(version: LetterVersion) -> list[str]:
    return [one.label for one in text.Asked.of(version) if one.required and one.name not in FILLED_IN]


def _names_deadline(outline: str | None) -> bool:
    version = outline_named(outline) if outline else None
    return version is not None and "deadline" in text.placeholders(text.wording(version))
