"""Kinds of tasks are shown in words."""

import pytest
from flask import Flask

from app.contributions.reminding.policy import REMINDER
from app.lifecycle.changing.workflow import TASK as CHANGE
from app.tasks.lists import KIND_LABELS
from campaigns.outcomes.policy import RULES
from campaigns.recurring.services import REFUSED_TASK
from campaigns.recurring.services import TASK as DRAFTED

pytestmark = pytest.mark.databases("sqlite")


def test_what_other_rooms_ask_for_has_a_name(app: Flask) -> None:
    asked = {REMINDER, CHANGE, DRAFTED, REFUSED_TASK, *(one.kind for one in RULES.values())}
    assert asked <= KIND_LABELS.keys()
