"""Every list of the house can be asked about what it shows, and taken away as a workbook."""

from decimal import Decimal
from typing import Any

import pytest
from flask import Flask

from app.core.criteria.operators import OPERATORS
from app.core.criteria.trees import rule
from app.core.db import db
from app.core.listing.declaration import PAGES, SEARCH
from campaigns.drafting.models import Campaign
from campaigns.ledger.printing.models import PrintBatch

CAMPAIGN, BATCH = Campaign(id=0, price=Decimal("0.05")), PrintBatch(id=0)
#: what views hand over beside the reader: the record that the rows hang on
GIVEN: dict[str, tuple[Any, ...]] = {
    "arrears": ("2026-11-01",),
    "relief_roster": (0,),
    "adjustments": (2026,),
    "drive_rows": (0,),
    "print_lines": (BATCH,),
    "campaign_audience": (CAMPAIGN,),
    "campaign_messages": (CAMPAIGN,),
    "campaign_letters": (CAMPAIGN,),
    "campaign_bill": (CAMPAIGN, "all"),
    "campaign_print": (CAMPAIGN, "all"),
}
AT_ONCE = 20


@pytest.mark.databases("sqlite")
def test_every_list_can_be_exported_by_somebody(app: Flask) -> None:
    assert [name for name, page in PAGES.items() if page.export_permission is None] == []


def test_every_field_of_every_list_can_be_asked(app: Flask) -> None:
    for name, page in PAGES.items():
        fields = [
            field
            for field in page.all_fields().values()
            if field.name != SEARCH and "not_empty" in OPERATORS[field.kind]
        ]
        args = GIVEN.get(name, ())
        for chunk in (fields[i : i + AT_ONCE] for i in range(0, len(fields), AT_ONCE)):
            tree = {"match": "any", "rules": [rule(field.name, "not_empty") for field in chunk]}
            db.session.execute(page.filtered(tree, None, args).limit(1)).all()
