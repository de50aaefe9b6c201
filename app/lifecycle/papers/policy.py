"""Which papers a matter asks for: headings of a code table, and the papers below them."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from app.core.clock import today
from app.core.code_tables import codes
from app.lifecycle.papers.models import CheckResult, PaperCheck


@dataclass(frozen=True)
class Finding:
    """What somebody found of one paper. `remedy`: how to put it right; `due_on`: by when it will follow."""

    result: CheckResult
    remedy: str = ""
    due_on: date | None = None


@dataclass(frozen=True)
class Group:
    """A heading in the reader's words, whether what stands below may follow later, and its codes."""

    heading: str
    may_follow: bool
    codes: list[str]


@dataclass(frozen=True)
class Papers:
    """The papers of one kind of matter. Those below the heading `later` may be handed in later."""

    table: str
    later: str | None = None

    def groups(self, headings: Collection[str] | None = None) -> list[Group]:
        """What is asked for today under these headings (all of them by default), in the table's order."""
        known, day = codes(self.table), today()
        found = []
        for heading, one in known.items():
            if one.parent is not None or (headings is not None and heading not in headings):
                continue
            below = [code for code, paper in known.items() if paper.parent == heading and paper.valid_on(day)]
            if below:
                found.append(Group(one.label, heading == self.later, below))
        return found

    def asked(self, headings: Collection[str] | None = None) -> list[str]:
        """The codes of the papers; the headings they stand under are none."""
        return [code for group in self.groups(headings) for code in group.codes]

    def may_follow(self, code: str) -> bool:
        one = codes(self.table).get(code)
        return self.later is not None and one is not None and one.parent == self.later

    def names(self, found: Iterable[str]) -> str:
        known = codes(self.table)
        return "、".join(known[code].label if code in known else code for code in found)


def outstanding(groups: Iterable[Group], checks: Mapping[str, PaperCheck]) -> list[Group]:
    """The same headings with the papers alone that nobody has seen in order."""
    done = {code for code, check in checks.items() if check.result is CheckResult.COMPLETE}
    left = (replace(group, codes=[code for code in group.codes if code not in done]) for group in groups)
    return [group for group in left if group.codes]


def incomplete(checks: Iterable[PaperCheck]) -> list[str]:
    """The codes of papers that were looked at and are not in order."""
    return [check.code for check in checks if check.result is not CheckResult.COMPLETE]


def unchecked(asked: Iterable[str], checks: Iterable[PaperCheck]) -> list[str]:
    """The codes of papers that nobody has looked at."""
    found = {check.code for check in checks}
    return [code for code in asked if code not in found]
