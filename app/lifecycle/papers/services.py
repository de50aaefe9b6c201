"""Writing down what was found of papers."""

from collections.abc import Callable, Collection, Mapping
from datetime import date, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l

from app.core.clock import today
from app.core.code_tables import label
from app.core.errors import DomainError
from app.core.permissions import Actor
from app.lifecycle.papers.models import CheckResult, PaperCheck
from app.lifecycle.papers.policy import Finding, Papers


def note_findings(
    papers: Papers,
    asked: Collection[str],
    known: Mapping[str, PaperCheck],
    findings: Mapping[str, Finding],
    new: Callable[[str], PaperCheck],
    actor: Actor,
    *,
    deferral: int = 0,
) -> list[str]:
    """Writes findings by code into the known checks, or into `new(code)`; gives the codes that changed.

    Refuses all with every reason, or takes all. `deferral`: within how many days a paper may follow.
    """
    if reasons := _objections(papers, asked, findings, deferral):
        raise DomainError(_l("The papers could not be noted:"), reasons)
    return [code for code, finding in findings.items() if _note(known.get(code), code, finding, new, actor)]


def _objections(
    papers: Papers, asked: Collection[str], findings: Mapping[str, Finding], deferral: int
) -> list[Any]:
    latest = today() + timedelta(days=deferral)
    found: list[Any] = []
    for code, finding in findings.items():
        paper = label(papers.table, code)
        if code not in asked:
            found.append(_l("%(paper)s is not asked for.", paper=paper))
        if finding.result is CheckResult.CORRECTABLE and not finding.remedy.strip():
            found.append(_l("Say how to correct: %(paper)s.", paper=paper))
        if finding.due_on is None or finding.result is CheckResult.COMPLETE:
            continue
        if not papers.may_follow(code):
            found.append(_l("These may not be handed in later: %(papers)s.", papers=paper))
        elif not today() <= finding.due_on <= latest:
            found.append(_out_of_time(paper, latest))
    return found


def _out_of_time(paper: str, latest: date) -> Any:
    return _l("%(paper)s: choose a day from today to %(day)s.", paper=paper, day=latest.isoformat())


def _note(
    check: PaperCheck | None, code: str, finding: Finding, new: Callable[[str], PaperCheck], actor: Actor
) -> bool:
    settled = finding.result is CheckResult.COMPLETE
    values = {
        "result": finding.result,
        "remedy": "" if settled else finding.remedy.strip(),
        "due_on": None if settled else finding.due_on,
    }
    if check is not None and all(getattr(check, name) == value for name, value in values.items()):
        return False
    check = check or new(code)
    for name, value in values.items():
        setattr(check, name, value)
    check.checked_on, check.checked_by_id = today(), actor.id
    return True
