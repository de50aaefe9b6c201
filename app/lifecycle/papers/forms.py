"""The form in which what was found of papers is entered."""

from collections.abc import Collection, Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, SelectField, StringField
from wtforms.validators import Length, Optional

from app.core.code_tables import label
from app.core.forms.choices import offered
from app.lifecycle.papers.models import RESULT_LABELS, CheckResult, PaperCheck
from app.lifecycle.papers.policy import Finding, Papers

_RESULTS = offered([("", "—"), *((result.value, label_) for result, label_ in RESULT_LABELS.items())])


class PaperForm(FlaskForm):  # type: ignore[misc]
    """Two or three fields for each paper; made by `paper_form`."""

    papers: tuple[str, ...]

    @property
    def findings(self) -> dict[str, Finding]:
        """What was said of the papers that anything was said of."""
        return {
            code: Finding(
                CheckResult(self[f"result_{code}"].data),
                self[f"how_{code}"].data or "",
                self[f"due_{code}"].data if f"due_{code}" in self else None,
            )
            for code in self.papers
            if self[f"result_{code}"].data
        }


def paper_form(
    papers: Papers, asked: Collection[str], checks: Mapping[str, PaperCheck], **given: Any
) -> PaperForm:
    """A form with every paper that is asked for, filled with what was found before.

    With `formdata=None` what was posted is not its own: another form of the page was sent.
    """
    fields: dict[str, Any] = {"papers": tuple(asked)}
    for code in asked:
        check = checks.get(code)
        fields[f"result_{code}"] = SelectField(
            label(papers.table, code), choices=_RESULTS, default=check.result.value if check else ""
        )
        fields[f"how_{code}"] = StringField(
            _l("How to correct it"), [Optional(), Length(max=500)],
            default=check.remedy if check else "",
        )  # fmt: skip
        if papers.may_follow(code):
            fields[f"due_{code}"] = DateField(
                _l("Follows by"), [Optional()], default=check.due_on if check else None
            )
    form: PaperForm = type("PapersForm", (PaperForm,), fields)(**given)
    return form
