"""Where a file differs from what a person corrected: it is asked, never settled silently.

Unless somebody says otherwise the person's word stays. Answers are given for a field in all rows, or for one
row, and hold only for corrections that were shown: what somebody corrects after the dry run stays.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask_babel import lazy_gettext as _l

#: remarks on rows: the person's value stays, or the file's replaces it
STAYS, REPLACED = "corrected_by_hand", "correction_replaced"
CONFLICTS = frozenset({STAYS, REPLACED})

REMARKS = {
    STAYS: _l("was corrected by hand and stays; the file says: %(value)s"),
    REPLACED: _l("was corrected by hand; the file's word replaces it: %(value)s"),
}

KEEP, TAKE = "keep", "take"


@dataclass(frozen=True, slots=True)
class Answers:
    """What was decided: by `rows` (number of the row, field), else by `fields`, else for everything."""

    everything: str = KEEP
    fields: Mapping[str, str] = field(default_factory=dict)
    rows: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    #: the corrections as they were shown, by row and field; None where whoever imports takes all unseen
    shown: Mapping[str, Mapping[str, str]] | None = None

    @classmethod
    def of(cls, kept: Mapping[str, Any] | None) -> "Answers":
        """From the JSON that a batch keeps, which has the fields' names."""
        return cls(**kept) if kept else cls()

    def take(self, number: int, name: str, correction: str) -> bool:
        """Whether the file's word replaces this correction of a field, in this row of the file."""
        row = str(number)
        answer = self.rows.get(row, {}).get(name) or self.fields.get(name) or self.everything
        if answer != TAKE:
            return False
        return self.shown is None or self.shown.get(row, {}).get(name) == correction
