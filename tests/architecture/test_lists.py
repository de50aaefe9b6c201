"""Every list of the house can be asked about what it shows, and taken away as a workbook."""

from decimal import Decimal
from inspect import signature
from typing import Any

import pytest
from flask import Flask

from app.core.criteria.operators import OPERATORS
from app.core.criteria.trees import rule
from app.core.db import db
from app.core.listing.declaration import PAGES, SEARCH
from campaigns.drafting.models import Campaign
from campaigns.ledger.printing.models import PrintBatch

#: what views hand over beside the reader, by the name of the parameter: mostly a record that rows hang on
GIVEN: dict[str, Any] = {
    "campaign": Campaign(id=0, price=Decimal("0.05")),
    "batch": PrintBatch(id=0),
    "day": "2026-11-01",
    "year": 2026,
    "verdict": "all",
    "roster_id": 0,
    "drive_id": 0,
    "event_id": 0,
}
AT_ONCE = 20


@pytest.mark.databases("sqlite")
def test_every_list_can_be_exported_by_somebody(app: Flask) -> None:
    assert [name for name, page in PAGES.items() if page.export_permission is None] == []


def test_every_field_of_every_list_can_be_asked(app: Flask) -> None:
    for page in PAGES.values():
        fields = [
            field
            for field in page.all_fields().values()
            if field.name != SEARCH and "not_empty" in OPERATORS[field.kind]
        ]
        _actor, *others = signature(page.select).parameters.values()
        args = [GIVEN[one.name] for one in others if one.kind is not one.VAR_POSITIONAL]
        for chunk in (fields[i : i + AT_ONCE] for i in range(0, len(fields), AT_ONCE)):
            tree = {"match": "any", "rules": [rule(field.name, "not_empty") for field in chunk]}
            db.session.execute(page.filtered(tree, None, args).limit(1)).all()
