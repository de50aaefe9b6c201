"""Why a spreadsheet is not read, in one sentence each that says what to do."""

from flask_babel import lazy_gettext as _l

from app.core.errors import DomainError

REFUSALS = {
    "not_a_spreadsheet": _l("This file is not a spreadsheet. Upload an .xlsx, .xls or .csv file."),
    "old_workbook": _l(
        "This is an .xls workbook of an old kind, as some business systems still write it. "
        "Open it in Excel or WPS, save it as .xlsx and upload that."
    ),
    "web_page": _l(
        "This is a web page with the name of a spreadsheet. "
        "Open it in Excel or WPS, save it as .xlsx and upload that."
    ),
    "empty": _l("The file is empty."),
    "encrypted": _l("The workbook is protected by a password. Remove the password and upload it again."),
    "damaged": _l(
        "The workbook is damaged and cannot be read. Open it in Excel or WPS, save it again and upload that."
    ),
    "unknown_encoding": _l(
        "The text of this file is in an unknown encoding. Save it as .xlsx, or as CSV in UTF-8."
    ),
    "too_large": _l("The file is larger than %(limit)s MB. Split it into smaller files."),
    "unpacks_too_large": _l(
        "The workbook unpacks to more than this system reads safely. "
        "Copy the rows into a new workbook and upload that."
    ),
    "too_many_rows": _l("The sheet has more than %(limit)s rows. Split it into smaller files."),
    "too_many_columns": _l(
        "The sheet has %(found)s columns, more than the %(limit)s that are read. "
        "Remove those that are not needed."
    ),
    "cell_too_long": _l(
        "A cell in row %(row)s holds more than %(limit)s characters. Check the quotation marks there."
    ),
    "too_much_memory": _l(
        "Reading the workbook takes more memory than allowed. Copy the rows into a new workbook, or split it."
    ),
    "too_slow": _l(
        "Reading the workbook takes longer than allowed. Copy the rows into a new workbook, or split it."
    ),
    "no_header": _l("No row with the expected headings was found. Expected are: %(headings)s."),
    "missing_columns": _l("These columns are missing: %(headings)s."),
    "no_rows": _l("No row stands below the headings in row %(row)s. Fill in the rows and upload it again."),
    "duplicate_columns": _l(
        "The heading “%(heading)s” stands twice, in columns %(first)s and %(second)s. Keep one of them."
    ),
}


class SheetRefused(DomainError):
    """A file that is not read. `code` is a key of REFUSALS and does not change with the language."""

    def __init__(self, code: str, **detail: object) -> None:
        super().__init__(REFUSALS[code])
        self.code, self.detail = code, detail

    @property
    def message(self) -> str:
        return str(REFUSALS[self.code]) % self.detail
